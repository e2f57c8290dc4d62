use proptest::prelude::*;

use super::*;

fn any_stage() -> impl Strategy<Value = Stage> {
    prop::sample::select(Stage::ALL.to_vec())
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Uploaded),
        any_stage().prop_map(Event::StageStarted),
        any::<bool>().prop_map(|has_scenes| Event::Finished { has_scenes }),
        any_stage().prop_map(|stage| Event::Failed(stage, FailureCode::Internal)),
        Just(Event::Cancelled),
        Just(Event::Retried),
        Just(Event::Redescribed),
    ]
}

fn start() -> impl Strategy<Value = VideoState> {
    prop_oneof![Just(VideoState::AwaitingUpload), Just(VideoState::Queued)]
}

proptest! {
    /// A step that is delivered twice changes nothing the second time.
    #[test]
    fn redelivery_is_a_no_op(state in start(), events in prop::collection::vec(any_event(), 0..12)) {
        let mut state = state;
        for event in events {
            let Ok(next) = state.apply(event) else { continue };
            let again = next.apply(event).unwrap_or(next);
            prop_assert_eq!(again, next);
            state = next;
        }
    }

    /// Terminal is final, but for what the owner asks for: a retry of a failed video, other words for a ready one too.
    /// A cancelled one stays so.
    #[test]
    fn terminal_is_final(state in start(), events in prop::collection::vec(any_event(), 0..24)) {
        let mut state = state;
        for event in events {
            let Ok(next) = state.apply(event) else { continue };
            if state.kind().is_terminal() {
                let asked_for = [
                    (StateKind::Failed, Event::Retried),
                    (StateKind::Failed, Event::Redescribed),
                    (StateKind::Ready, Event::Redescribed),
                ];
                prop_assert!(asked_for.contains(&(state.kind(), event)), "{state:?} {event:?}");
                prop_assert_eq!(next, VideoState::Queued);
            }
            state = next;
        }
    }

    /// Within an attempt no stage is entered again once a later one began.
    #[test]
    fn stages_only_go_forward(stages in prop::collection::vec(any_stage(), 1..12)) {
        let mut state = VideoState::Queued;
        let mut furthest = Stage::Download;
        for stage in stages {
            match state.apply(Event::StageStarted(stage)) {
                Ok(next) => {
                    prop_assert!(state == VideoState::Queued || stage >= furthest);
                    (state, furthest) = (next, stage);
                }
                Err(_) => prop_assert!(stage < furthest),
            }
        }
    }
}

#[test]
fn the_database_condition_is_the_table_itself() {
    let events = [
        Event::Uploaded,
        Event::Finished { has_scenes: true },
        Event::Cancelled,
        Event::Retried,
        Event::Redescribed,
    ];
    let states = [
        VideoState::AwaitingUpload,
        VideoState::Queued,
        VideoState::Processing { stage: Stage::Extract },
        VideoState::Ready { has_scenes: true },
        VideoState::Failed { stage: Stage::Extract, code: FailureCode::Damaged },
        VideoState::Cancelled,
    ];
    assert_eq!(states.map(VideoState::kind), StateKind::ALL);
    for (state, event) in states.iter().flat_map(|state| events.map(|event| (state, event))) {
        assert_eq!(
            state.apply(event).is_ok(),
            event.allowed_from().contains(&state.kind()),
            "{state:?} {event:?}"
        );
    }
}

#[test]
fn both_contracts_show_it() {
    use JobStatus as J;
    use VideoStatus as V;
    let failed = |code| VideoState::Failed { stage: Stage::Download, code };
    let processing = |stage| VideoState::Processing { stage };
    let table = [
        (VideoState::AwaitingUpload, V::Queued, J::PendingUpload, J::PendingUpload),
        (VideoState::Queued, V::Queued, J::Processing, J::PendingFetch),
        (processing(Stage::Download), V::Indexing, J::Processing, J::PendingFetch),
        (processing(Stage::Describe), V::Indexing, J::Processing, J::Processing),
        (VideoState::Ready { has_scenes: true }, V::Ready, J::Completed, J::Completed),
        (VideoState::Ready { has_scenes: false }, V::Ready, J::CompletedNoScenes, J::CompletedNoScenes),
        (failed(FailureCode::FetchForbidden), V::Failed, J::FailedFetch, J::FailedFetch),
        (failed(FailureCode::Damaged), V::Failed, J::Failed, J::Failed),
        (VideoState::Cancelled, V::Cancelled, J::Cancelled, J::Cancelled),
    ];
    for (state, video, uploaded, fetched) in table {
        assert_eq!(state.video_status(), video, "{state:?}");
        assert_eq!(state.job_status(false), uploaded, "{state:?}");
        assert_eq!(state.job_status(true), fetched, "{state:?}");
    }
}

#[test]
fn each_version_reads_words_on_which_its_clients_end() {
    // What SDK 0.1.0 and 0.1.1 end on, from their sources.
    let ends = |word: &str, version| match version {
        ApiVersion::V2026_02 => ["COMPLETED", "COMPLETED_NO_SCENES", "FAILED"].contains(&word),
        ApiVersion::V2026_04 => {
            ["VISION_COMPLETED", "VIDEO_COMPLETED_NO_SCENES"].contains(&word) || word.contains("FAILED")
        }
    };
    for version in ApiVersion::ALL {
        for status in JobStatus::ALL {
            assert_eq!(JobStatus::named(status.name(version)), Some(status));
        }
        for running in [JobStatus::PendingUpload, JobStatus::PendingFetch, JobStatus::Processing] {
            assert!(!ends(running.name(version), version), "{running:?}");
        }
        for over in [JobStatus::Completed, JobStatus::CompletedNoScenes, JobStatus::Failed] {
            assert!(ends(over.name(version), version), "{over:?}");
        }
    }
    // Beyond what SDK 0.1.0 knows; the later one ends on them.
    for over in [JobStatus::FailedFetch, JobStatus::Cancelled] {
        assert!(ends(over.name(ApiVersion::V2026_04), ApiVersion::V2026_04), "{over:?}");
    }
}
