//! Which vectors of a video are in an index of vectors. It is written down before they are put, and forgotten after they
//! were removed: whoever dies in between leaves nothing that nobody knows of.

use domain::ids::{Generation, VideoId};
use domain::vectors::VectorSet;

use crate::keys::{Key, VECTORS_ROW, video_partition};
use crate::rows::{from_row, to_row};
use crate::{Reply, Store, StoreError};

impl Store {
    /// The vectors of a video, of every generation.
    pub fn vector_sets(&self, video: VideoId) -> Reply<'_, Vec<VectorSet>> {
        const OPERATION: &str = "reading which vectors a video has";
        Box::pin(async move {
            let rows = self.partition(OPERATION, video_partition(video), VECTORS_ROW).await?;
            rows.into_iter().map(|row| from_row(OPERATION, row)).collect()
        })
    }

    /// Those of one generation.
    pub fn vector_set(&self, video: VideoId, generation: Generation) -> Reply<'_, Option<VectorSet>> {
        const OPERATION: &str = "reading which vectors of a generation a video has";
        Box::pin(async move {
            let row = self.row(OPERATION, Key::vectors(video, generation)).await?;
            row.map(|row| from_row(OPERATION, row)).transpose()
        })
    }

    /// Writes down that a video has these vectors.
    pub fn note_vectors<'a>(&'a self, video: VideoId, set: &'a VectorSet) -> Reply<'a, ()> {
        const OPERATION: &str = "writing down which vectors a video has";
        Box::pin(async move {
            let put = self.dynamodb.put_item().table_name(&self.names.table);
            let put = put.set_item(Some(to_row(OPERATION, Key::vectors(video, set.generation), set)?));
            put.send().await.map(drop).map_err(StoreError::sdk(OPERATION))
        })
    }

    /// Forgets the vectors of a generation, which are removed.
    pub fn forget_vectors(&self, video: VideoId, generation: Generation) -> Reply<'_, ()> {
        Box::pin(async move {
            let key = Key::vectors(video, generation).attributes();
            self.delete_row("forgetting vectors of a video", key).await
        })
    }
}
