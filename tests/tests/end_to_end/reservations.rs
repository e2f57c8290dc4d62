//! Seconds that are set aside for a run, and whoever comes too late to give them back.

use domain::failure::{Failure, FailureCode};
use domain::ids::UserId;
use domain::plan::Plan;
use domain::stage::Stage;
use jiff::Timestamp;
use store::{Origin, Reservation, Retried, RetryFrom, Wish};
use tests::library;
use tests::world::World;

/// A reservation that was on its way when its video was cancelled is not made: nobody would give it back.
#[tokio::test]
async fn nothing_is_set_aside_for_what_has_ended() {
    let (store, now) = (World::get().store().await, Timestamp::now());
    let user = store.account(UserId("user_too-late".to_owned()), now).await.unwrap().user;
    for wish in [Wish::Cancel, Wish::Remove] {
        let origin = Origin::Url { url: "https://example.com/a.mp4".to_owned() };
        let video = library::made(&store, &user, origin, now).await;
        store.stage_started(video.id, video.attempt, Stage::Extract, now).await.unwrap().unwrap();
        store.end_video(video.id, user.clone(), wish, now).await.unwrap();
        let reserved = store.reserve(&video, Plan::Free, 30, now).await.unwrap();
        assert_eq!(reserved, Reservation::Over);
        assert_eq!(store.wallet(user.clone(), now).await.unwrap().held, 0);
    }
}

/// Giving back for a run that failed may come after its owner has tried again.
#[tokio::test]
async fn what_is_left_of_a_run_does_not_touch_the_next_ones_seconds() {
    let (store, now) = (World::get().store().await, Timestamp::now());
    let user = store.account(UserId("user_quick-retrier".to_owned()), now).await.unwrap().user;
    let held = async || store.wallet(user.clone(), now).await.unwrap().held;
    for settled_before_the_retry_reserves in [true, false] {
        let origin = Origin::Url { url: "https://example.com/a.mp4".to_owned() };
        let first = library::made(&store, &user, origin, now).await;
        let (id, attempt) = (first.id, first.attempt);
        store.stage_started(id, attempt, Stage::Extract, now).await.unwrap().unwrap();
        assert_eq!(store.reserve(&first, Plan::Free, 30, now).await.unwrap(), Reservation::Held);
        let failure = Failure::new(FailureCode::Internal, "Try again.");
        let failed = store.failed(id, attempt, Stage::Extract, failure, now).await.unwrap().unwrap();
        let Retried::Queued(again) =
            store.retry(&failed, RetryFrom::FailedStage, tests::library::no_request(), now).await.unwrap()
        else {
            panic!("a failed video can be retried")
        };
        store.stage_started(id, again.attempt, Stage::Extract, now).await.unwrap().unwrap();
        if settled_before_the_retry_reserves {
            store.release(&failed, now).await.unwrap();
            assert_eq!(held().await, 0);
        }
        assert_eq!(store.reserve(&again, Plan::Free, 30, now).await.unwrap(), Reservation::Held);
        store.release(&failed, now).await.unwrap();
        assert_eq!(held().await, 30, "the running attempt's seconds");
        store.commit(user.clone(), Plan::Free, id, 30, now).await.unwrap();
        assert_eq!(held().await, 0);
    }
    assert_eq!(store.wallet(user.clone(), now).await.unwrap().billed, 60);
}
