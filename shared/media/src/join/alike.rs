//! Scenes that look the same have one description.

use domain::analysis::Scene;

use super::Joined;

impl Joined {
    /// The scenes that are described: of those that look the same, the first.
    pub fn described(&self) -> Vec<Scene> {
        let firsts = self.scenes.iter().enumerate().filter(|(place, _)| self.first(*place) == *place);
        firsts.map(|(_, scene)| scene.clone()).collect()
    }

    /// For each scene the place, among [`Self::described`], of the one whose description it has.
    pub fn described_as(&self) -> Vec<usize> {
        let mut places: Vec<usize> = Vec::with_capacity(self.scenes.len());
        let mut described = 0;
        for place in 0..self.scenes.len() {
            match places.get(self.first(place)) {
                Some(shared) => places.push(*shared),
                None => {
                    places.push(described);
                    described += 1;
                }
            }
        }
        places
    }

    /// The first scene that looks like this one. What comes later cannot be the first.
    fn first(&self, place: usize) -> usize {
        self.first_alike.get(place).map_or(place, |first| (*first as usize).min(place))
    }
}

#[cfg(test)]
mod tests {
    use domain::{analysis::Rgb, time::Seconds};
    use proptest::prelude::*;

    use super::*;
    use crate::Recorded;

    fn joined(scenes: u32, first_alike: Vec<u32>) -> Joined {
        let scene = |ordinal: u32| Scene {
            ordinal,
            start: Seconds::new(f64::from(ordinal)),
            end: Seconds::new(f64::from(ordinal) + 1.0),
            keyframe_at: Seconds::new(f64::from(ordinal)),
            main_color: Rgb(0, 0, 0),
            brightness: 0.0,
            motion: 0.0,
            black: vec![],
            frozen: vec![],
        };
        Joined {
            length: Seconds::new(f64::from(scenes)),
            scenes: (0..scenes).map(scene).collect(),
            keyframes: vec![],
            interval_frames: vec![],
            recorded: Recorded::default(),
            first_alike,
        }
    }

    #[test]
    fn a_slide_that_comes_back_has_its_first_description() {
        let joined = joined(5, vec![0, 1, 0, 3, 1]);
        let described: Vec<u32> = joined.described().iter().map(|scene| scene.ordinal).collect();
        assert_eq!((described, joined.described_as()), (vec![0, 1, 3], vec![0, 1, 0, 2, 1]));
    }

    #[test]
    fn what_was_joined_before_there_was_a_comparison_is_described_scene_by_scene() {
        let mut stored = serde_json::to_value(joined(3, vec![])).unwrap();
        assert!(stored.as_object_mut().unwrap().remove("first_alike").is_none(), "nothing is not written");
        let joined: Joined = serde_json::from_value(stored).unwrap();
        assert_eq!((joined.described().len(), joined.described_as()), (3, vec![0, 1, 2]));
    }

    proptest! {
        /// Whatever is written there, each scene has a description, and none is made for nobody.
        #[test]
        fn every_scene_has_a_description(scenes in 0u32..20, alike in prop::collection::vec(0u32..30, 0..25)) {
            // As a comparison gives them: first ones are their own.
            let mut first_alike: Vec<u32> = vec![];
            for (place, first) in (0u32..).zip(alike) {
                let is_first = first_alike.get(first as usize) == Some(&first);
                first_alike.push(if is_first { first } else { place });
            }
            let joined = joined(scenes, first_alike);
            let (described, places) = (joined.described(), joined.described_as());
            prop_assert_eq!(places.len(), joined.scenes.len());
            for (place, scene) in described.iter().enumerate() {
                let first = places.iter().position(|shown| *shown == place).map(|scene| scene as u32);
                prop_assert_eq!(first, Some(scene.ordinal));
            }
            prop_assert!(places.iter().all(|place| *place < described.len()));
        }
    }
}
