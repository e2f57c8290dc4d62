//! Things that Amazon Rekognition knows, with boxes that are measured rather than told.

use aws_sdk_rekognition::{
    Client,
    types::{BoundingBox, Image, Label},
};
use aws_smithy_types::Blob;
use domain::{
    analysis::Detection,
    prices::{REKOGNITION_LABELS, Unit},
};

use super::super::picture::Picture;
use crate::{
    Meter, ProviderError,
    aws::failure::{self, Operation},
    retry::Allowance,
};

/// Labels that are asked for. Few of them have boxes.
const MOST_LABELS: i32 = 50;
/// In percent.
const LEAST_CONFIDENCE: f32 = 70.0;
/// Things of one keyframe, as many as models may name.
const MOST: usize = 30;
/// Share of their union that two boxes of one name have in common from which on they are one thing.
const SAME: f32 = 0.5;
/// The same, of two names: a model says "woman" where Rekognition says "person".
const SAME_IN_OTHER_WORDS: f32 = 0.8;

/// Rekognition's labels.
pub(crate) struct Labels {
    client: Client,
    meter: Meter,
}

impl Labels {
    pub(crate) fn new(client: Client, meter: Meter) -> Self {
        Self { client, meter }
    }

    /// The things on a picture that have boxes.
    pub(super) async fn detect(
        &self,
        allowance: &Allowance,
        picture: &Picture,
    ) -> Result<Vec<Detection>, ProviderError> {
        let image = Image::builder().bytes(Blob::new(picture.jpeg.clone())).build();
        let image = &image;
        let answer = allowance.run(|| async move {
            let request = self.client.detect_labels().image(image.clone());
            let request = request.max_labels(MOST_LABELS).min_confidence(LEAST_CONFIDENCE);
            request.send().await.map_err(|error| failure::of(Operation::DetectLabels, &error))
        });
        let answer = answer.await?;
        self.meter.count(REKOGNITION_LABELS, Unit::Picture, 1);
        Ok(answer.labels().iter().flat_map(things).collect())
    }
}

fn things(label: &Label) -> Vec<Detection> {
    let name = label.name().unwrap_or_default().to_lowercase();
    let instances = label.instances().iter().filter(|_| !name.is_empty());
    instances
        .filter_map(|instance| {
            let confidence = instance.confidence().unwrap_or(LEAST_CONFIDENCE) / 100.0;
            placed(&name, instance.bounding_box()?, confidence.clamp(0.0, 1.0))
        })
        .collect()
}

/// Boxes are shares of the picture, and may stick out of it.
fn placed(name: &str, corners: &BoundingBox, confidence: f32) -> Option<Detection> {
    let (left, top) = (corners.left()?, corners.top()?);
    let [x, right] = [left, left + corners.width()?].map(|x| x.clamp(0.0, 1.0));
    let [y, bottom] = [top, top + corners.height()?].map(|y| y.clamp(0.0, 1.0));
    let (width, height) = (right - x, bottom - y);
    (width > 0.0 && height > 0.0).then(|| Detection {
        name: name.to_owned(),
        x,
        y,
        width,
        height,
        confidence,
    })
}

/// What a model told, with measured boxes where both see a thing, and what only Rekognition knows after it.
pub(super) fn merged(told: Vec<Detection>, measured: Vec<Detection>) -> Vec<Detection> {
    let mut merged = told;
    let mut is_measured = vec![false; merged.len()];
    for thing in measured {
        let known = (0..is_measured.len())
            .filter(|at| !is_measured[*at] && is_same(&merged[*at], &thing))
            .max_by(|a, b| common(&merged[*a], &thing).total_cmp(&common(&merged[*b], &thing)));
        match known {
            Some(at) => {
                is_measured[at] = true;
                let name = std::mem::take(&mut merged[at].name);
                merged[at] = Detection { name, ..thing };
            }
            None if merged.len() < MOST => merged.push(thing),
            None => {}
        }
    }
    merged
}

fn is_same(a: &Detection, b: &Detection) -> bool {
    common(a, b) >= if a.name == b.name { SAME } else { SAME_IN_OTHER_WORDS }
}

/// Intersection over union.
fn common(a: &Detection, b: &Detection) -> f32 {
    let overlap = |a: (f32, f32), b: (f32, f32)| ((a.0 + a.1).min(b.0 + b.1) - a.0.max(b.0)).max(0.0);
    let both = overlap((a.x, a.width), (b.x, b.width)) * overlap((a.y, a.height), (b.y, b.height));
    both / (a.width * a.height + b.width * b.height - both)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(name: &str, [x, y, width, height]: [f32; 4], confidence: f32) -> Detection {
        Detection { name: name.to_owned(), x, y, width, height, confidence }
    }

    #[test]
    fn one_thing_has_the_models_name_and_the_measured_box() {
        let told = vec![
            thing("woman", [0.1, 0.1, 0.2, 0.8], 0.5),
            thing("chart", [0.6, 0.1, 0.3, 0.3], 0.5),
            thing("car", [0.4, 0.7, 0.2, 0.2], 0.5),
        ];
        let measured = vec![
            thing("person", [0.1, 0.1, 0.2, 0.78], 0.99),
            thing("car", [0.42, 0.7, 0.2, 0.25], 0.9),
            thing("car", [0.0, 0.0, 0.05, 0.05], 0.8),
        ];
        let merged = merged(told, measured);
        let told: Vec<(&str, f32)> = merged.iter().map(|it| (it.name.as_str(), it.confidence)).collect();
        assert_eq!(told, [("woman", 0.99), ("chart", 0.5), ("car", 0.9), ("car", 0.8)]);
        assert_eq!(merged[0].height, 0.78);
    }

    #[test]
    fn boxes_are_cut_at_the_edges_and_their_number_is_bounded() {
        let corners = BoundingBox::builder().left(-0.1).top(0.9).width(0.3).height(0.3).build();
        let placed = placed("cup", &corners, 0.9).unwrap();
        assert_eq!((placed.x, placed.y), (0.0, 0.9));
        assert!((placed.width - 0.2).abs() < 1e-6 && (placed.height - 0.1).abs() < 1e-6);
        let many =
            |n: usize| (0..n).map(|n| thing("x", [n as f32 / 100.0, 0.0, 0.001, 0.001], 0.9)).collect();
        assert_eq!(merged(many(20), many(100)).len(), MOST);
    }
}
