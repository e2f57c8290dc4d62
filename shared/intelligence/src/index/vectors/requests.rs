//! The requests to one index of vectors.

use aws_sdk_s3vectors::Client;
use aws_sdk_s3vectors::error::SdkError;
use aws_sdk_s3vectors::types::{DataType, DistanceMetric, PutInputVector, VectorData};
use aws_smithy_types::Document;
use domain::vectors::RowName;

use crate::ProviderError;
use crate::aws::failure::{self, Operation};
use crate::retry::Allowance;

/// An index, there or not.
pub(super) struct Index<'a> {
    client: &'a Client,
    bucket: &'a str,
    name: String,
    arn: String,
}

/// What a request came to where an index that is not there is no failure.
enum Reply<T> {
    Done(T),
    NoIndex,
}

/// A vector as a request has it.
pub(super) fn vector(
    name: RowName,
    vector: Vec<f32>,
    metadata: Document,
) -> Result<PutInputVector, ProviderError> {
    let built = PutInputVector::builder().key(name.to_string()).data(VectorData::Float32(vector));
    let built = built.metadata(metadata).build();
    built.map_err(|_| ProviderError::bad_input("a vector cannot be put into a request"))
}

impl<'a> Index<'a> {
    pub(super) fn new(client: &'a Client, bucket: &'a str, name: &str) -> Self {
        Self { client, bucket, name: name.to_owned(), arn: format!("{bucket}/index/{name}") }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Puts a batch, and makes the index where there is none.
    pub(super) async fn put(
        &self,
        allowance: &Allowance,
        dimensions: usize,
        batch: Vec<PutInputVector>,
    ) -> Result<(), ProviderError> {
        let batch = &batch;
        allowance
            .run(|| async move {
                if let Reply::Done(()) = self.put_once(batch).await? {
                    return Ok(());
                }
                self.create(dimensions).await?;
                match self.put_once(batch).await? {
                    Reply::Done(()) => Ok(()),
                    Reply::NoIndex => Err(ProviderError::down("a new index of vectors is not there yet")),
                }
            })
            .await
    }

    async fn put_once(&self, batch: &[PutInputVector]) -> Result<Reply<()>, ProviderError> {
        let put = self.client.put_vectors().index_arn(&self.arn).set_vectors(Some(batch.to_vec()));
        match put.send().await {
            Ok(_) => Ok(Reply::Done(())),
            Err(SdkError::ServiceError(error)) if error.err().is_not_found_exception() => Ok(Reply::NoIndex),
            Err(error) => Err(failure::of(Operation::PutVectors, &error)),
        }
    }

    /// Another batch may have made it meanwhile.
    async fn create(&self, dimensions: usize) -> Result<(), ProviderError> {
        let create = self.client.create_index().vector_bucket_arn(self.bucket).index_name(&self.name);
        let create = create.data_type(DataType::Float32).distance_metric(DistanceMetric::Cosine);
        let dimensions = i32::try_from(dimensions)
            .map_err(|_| ProviderError::bad_input("vectors are longer than any index takes"))?;
        match create.dimension(dimensions).send().await {
            Ok(_) => {
                tracing::info!(index.name = self.name, "an index of vectors was made");
                Ok(())
            }
            Err(SdkError::ServiceError(error)) if error.err().is_conflict_exception() => Ok(()),
            Err(error) => Err(failure::of(Operation::CreateIndex, &error)),
        }
    }

    /// Removes a batch. Nothing is in an index that is not there.
    pub(super) async fn delete(
        &self,
        allowance: &Allowance,
        names: Vec<String>,
    ) -> Result<(), ProviderError> {
        let names = &names;
        allowance
            .run(|| async move {
                let delete = self.client.delete_vectors().index_arn(&self.arn);
                match delete.set_keys(Some(names.clone())).send().await {
                    Ok(_) => Ok(()),
                    Err(SdkError::ServiceError(error)) if error.err().is_not_found_exception() => Ok(()),
                    Err(error) => Err(failure::of(Operation::DeleteVectors, &error)),
                }
            })
            .await
    }

    /// The names of the rows that are nearest, with their cosines; `None` where there is no index. A page that fails is
    /// asked for with all the others.
    pub(super) async fn query(
        &self,
        allowance: &Allowance,
        vector: &[f32],
        filter: &Document,
        most: usize,
    ) -> Result<Option<Vec<(RowName, f32)>>, ProviderError> {
        let query = self.client.query_vectors().index_arn(&self.arn).top_k(most as i32);
        let query = query.query_vector(VectorData::Float32(vector.to_vec())).filter(filter.clone());
        let query = &query.return_distance(true);
        let found = allowance
            .run(|| async move {
                let mut pages = query.clone().into_paginator().send();
                let mut found = Vec::with_capacity(most);
                while let Some(page) = pages.next().await {
                    let page = match page {
                        Ok(page) => page,
                        Err(SdkError::ServiceError(error)) if error.err().is_not_found_exception() => {
                            return Ok(Reply::NoIndex);
                        }
                        Err(error) => return Err(failure::of(Operation::QueryVectors, &error)),
                    };
                    for vector in page.vectors {
                        let distance = vector.distance;
                        let name = vector.key.parse::<RowName>().ok().zip(distance);
                        let (name, distance) =
                            name.ok_or_else(|| failure::of_unlike_answer(Operation::QueryVectors))?;
                        found.push((name, 1.0 - distance));
                    }
                }
                Ok(Reply::Done(found))
            })
            .await?;
        match found {
            Reply::Done(found) => Ok(Some(found)),
            Reply::NoIndex => Ok(None),
        }
    }
}
