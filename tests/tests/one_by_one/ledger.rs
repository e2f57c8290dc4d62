//! The books of ten accounts with fifty jobs each, whose steps come at once, come again, and die half-way, over the ends
//! of two months, with plans that change and packs that are bought. What an account owes is worked out a second time
//! here, from the published price table alone, and must agree to the micro-dollar.

mod books;
mod schedule;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::failure::{Failure, FailureCode};
use domain::ids::{UserId, VideoId};
use domain::plan::Plan;
use domain::stage::Stage;
use domain::time::Seconds;
use futures::StreamExt;
use futures::future::join;
use futures::stream;
use jiff::Timestamp;
use serde_json::Value;
use store::{BillingEvent, Origin, Reservation, RetryFrom, Store, Video, Wish};
use tests::library;
use tests::wait::at_rest;
use tests::world::World;

use books::{Bill, Books, billable};
use schedule::{Dice, Job, Step, terms};

use crate::alone;

/// Each is an account with a schedule of its own. A failure names its seed.
const SEEDS: [u64; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
/// Jobs of an account.
const JOBS: u64 = 50;
/// Jobs of an account that are worked on at the same time.
const AT_ONCE: usize = 4;
/// A step that dies does so within this many milliseconds.
const DIES_WITHIN: u64 = 300;

/// When the jobs are worked on. Far from today, so that nothing else in the stack looks after them. Between two of them
/// a month ends.
const PHASES: [&str; 3] = ["2031-01-31T23:59:58Z", "2031-02-01T00:00:02Z", "2031-03-14T12:00:00Z"];

/// That what was meant to happen happened at all; else the books would agree about nothing.
#[derive(Default)]
struct Seen {
    died: AtomicU32,
    refused: AtomicU32,
    carried_over: AtomicU32,
    split: AtomicU32,
    from_credits: AtomicU32,
    uncovered: AtomicU32,
}

fn count(counter: &AtomicU32) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// An account under test.
struct Account<'a> {
    seed: u64,
    store: &'a Store,
    user: UserId,
    seen: &'a Seen,
}

impl Account<'_> {
    /// What the functions of that step do to the table; nothing else of them matters here.
    async fn take(&self, job: &Job, step: Step, plan: Plan, now: Timestamp) {
        let (store, id) = (self.store, job.id);
        // Gone meanwhile.
        let Some(video) = store.video(id).await.unwrap() else { return };
        match step {
            Step::Plan => self.plan(&video, job, plan, now).await,
            Step::Finish => {
                let length = Seconds::new(job.decoded_ms as f64 / 1000.0);
                store.finished(id, video.attempt, true, 1, length, now).await.unwrap();
                self.settle(id, now).await;
            }
            Step::Fail => self.fail(&video, now).await,
            Step::Cancel => drop(store.end_video(id, self.user.clone(), Wish::Cancel, now).await.unwrap()),
            Step::Remove => drop(store.end_video(id, self.user.clone(), Wish::Remove, now).await.unwrap()),
            Step::Retry => drop(
                store.retry(&video, RetryFrom::FailedStage, tests::library::no_request(), now).await.unwrap(),
            ),
            Step::Settle => store.settle(&video, now).await.unwrap(),
        }
    }

    async fn plan(&self, video: &Video, job: &Job, plan: Plan, now: Timestamp) {
        let (store, id, attempt) = (self.store, job.id, video.attempt);
        let started = store.stage_started(id, attempt, Stage::Extract, now).await.unwrap();
        let length = Seconds::new(job.length_ms as f64 / 1000.0);
        if started.is_none() || store.probed(id, attempt, length, now).await.unwrap().is_none() {
            return;
        }
        match store.reserve(video, plan, billable(job.length_ms), now).await.unwrap() {
            Reservation::Held | Reservation::Over => {}
            Reservation::Refused(_) => {
                count(&self.seen.refused);
                self.fail(video, now).await;
            }
        }
    }

    async fn fail(&self, video: &Video, now: Timestamp) {
        let failure = Failure::new(FailureCode::Internal, "It failed.");
        self.store.failed(video.id, video.attempt, Stage::Extract, failure, now).await.unwrap();
        self.settle(video.id, now).await;
    }

    /// As it is by now, whoever ended it.
    async fn settle(&self, id: VideoId, now: Timestamp) {
        if let Some(video) = self.store.video(id).await.unwrap() {
            self.store.settle(&video, now).await.unwrap();
        }
    }

    /// Does something as the cloud does it: once, twice at the same time, or half and then again.
    async fn at_least_once<F: Future>(&self, dice: &mut Dice, act: impl Fn() -> F) {
        match dice.roll(5) {
            0 => drop(join(act(), act()).await),
            1 => {
                let dies = Duration::from_millis(dice.roll(DIES_WITHIN));
                if tokio::time::timeout(dies, act()).await.is_err() {
                    count(&self.seen.died);
                }
                drop(act().await);
            }
            _ => drop(act().await),
        }
    }

    /// One job's part of a phase.
    async fn work(&self, job: &Job, phase: usize, plan: Plan, now: Timestamp) {
        let mut dice = Dice((self.seed << 32) + (job.number << 8) + phase as u64);
        for at_once in &job.steps[phase] {
            let mut own = Dice(dice.roll(u64::MAX));
            let mut others = Dice(dice.roll(u64::MAX));
            let first = self.at_least_once(&mut own, || self.take(job, at_once[0], plan, now));
            match at_once.get(1) {
                Some(second) => {
                    let second = self.at_least_once(&mut others, || self.take(job, *second, plan, now));
                    join(first, second).await;
                }
                None => first.await,
            }
        }
    }

    /// Buys a pack, which two events report, each of them again and again.
    async fn buy(&self, dice: &mut Dice, phase: usize, number: u64, hours: u64, now: Timestamp) {
        let purchase = format!("cs_{}_{phase}_{number}", self.seed);
        for report in 0..1 + dice.roll(2) {
            let event = BillingEvent {
                id: format!("evt_{purchase}_{report}"),
                user: self.user.clone(),
                customer: None,
            };
            let add = || async {
                let added = self.store.add_credits(event.clone(), purchase.clone(), hours * 3600, now);
                added.await.unwrap()
            };
            self.at_least_once(dice, add).await;
        }
    }

    /// What the sweep does in the end to whatever is still open.
    async fn sweep(&self, jobs: &[Job], now: Timestamp) {
        let due: BTreeSet<VideoId> = self.store.due(Timestamp::MAX).await.unwrap().into_iter().collect();
        for job in jobs.iter().filter(|job| due.contains(&job.id)) {
            let Some(video) = self.store.video(job.id).await.unwrap() else { continue };
            if video.is_terminal() {
                self.store.settle(&video, now).await.unwrap();
            } else {
                self.fail(&video, now).await;
            }
        }
    }
}

/// The bills of an account as they are stored.
async fn bills(http: &reqwest::Client, user: &UserId) -> BTreeMap<VideoId, Bill> {
    let rows = World::get().rows(http, &format!("USER#{user}"), "LEDGER#").await;
    let bill = |row: &Value| {
        let id = row["SK"]["S"].as_str().unwrap().trim_start_matches("LEDGER#").parse().unwrap();
        Some((id, Bill::read(row)?))
    };
    rows.iter().filter_map(bill).collect()
}

/// A job's state as it is stored, and whether the job was removed.
async fn end_of(http: &reqwest::Client, job: &Job) -> (String, bool) {
    let rows = World::get().rows(http, &format!("VIDEO#{}", job.id), "META").await;
    (rows[0]["state"]["S"].as_str().unwrap().to_owned(), !rows[0]["buried_at"].is_null())
}

async fn fifty_jobs(seed: u64, store: &Store, seen: &Seen) {
    let mut dice = Dice(seed);
    let (plans, longest_ms) = terms(seed);
    let http = reqwest::Client::new();
    let account = Account { seed, store, user: UserId(format!("user_ledger-{seed}")), seen };
    let mut jobs = vec![];
    store.set_plan(account.user.clone(), plans[0], Timestamp::now()).await.unwrap();
    for number in 0..JOBS {
        let origin = Origin::Url { url: "https://example.com/a.mp4".to_owned() };
        let made = library::made(store, &account.user, origin, PHASES[0].parse().unwrap()).await;
        jobs.push(Job::roll(&mut dice, number, made.id, longest_ms));
    }
    let by_id: BTreeMap<VideoId, &Job> = jobs.iter().map(|job| (job.id, job)).collect();
    let (mut books, mut known) = (Books::default(), BTreeMap::new());
    let mut reserved_earlier = BTreeSet::new();
    for (phase, (plan, now)) in plans.into_iter().zip(PHASES).enumerate() {
        let now: Timestamp = now.parse().unwrap();
        store.set_plan(account.user.clone(), plan, now).await.unwrap();
        // None in the last phase, which may begin with a smaller plan: it would matter when exactly they come.
        let bought = if phase < 2 && seed.is_multiple_of(2) { dice.roll(4) } else { 0 };
        let packs: Vec<u64> = (0..bought).map(|_| [5, 20][dice.roll(2) as usize]).collect();
        let mut chance = Dice(dice.roll(u64::MAX));
        let purchases = async {
            for (number, hours) in packs.iter().enumerate() {
                account.buy(&mut chance, phase, number as u64, *hours, now).await;
            }
        };
        let work =
            stream::iter(&jobs).for_each_concurrent(AT_ONCE, |job| account.work(job, phase, plan, now));
        join(purchases, work).await;
        if phase == 2 {
            account.sweep(&jobs, now).await;
        }
        // A request whose caller has died may still be on its way.
        let (all, _) = at_rest("the books", async || {
            let wallet = store.wallet(account.user.clone(), now).await.unwrap();
            (bills(&http, &account.user).await, wallet)
        })
        .await;

        // Every phase is in a month of its own.
        books = Books { included_used: 0, billed: 0, credits: books.credits, owed: books.owed };
        books.credits += packs.iter().sum::<u64>() * 3600;
        let mut new: Vec<(VideoId, Bill)> =
            all.iter().filter(|(id, _)| !known.contains_key(*id)).map(|(id, bill)| (*id, *bill)).collect();
        new.sort_by_key(|(_, bill)| bill.place());
        for (id, bill) in new {
            let job = by_id[&id];
            // What was set aside is the most that is billed.
            let secs = billable(job.decoded_ms).min(billable(job.length_ms));
            let expected = books.bill(plan, secs);
            assert_eq!(bill, expected, "seed {seed}, phase {phase}, job {id}");
            for (counter, happened) in [
                (&seen.split, bill.place().0 == 1),
                (&seen.from_credits, bill.from_credits > 0),
                (&seen.uncovered, bill.from_included + bill.from_credits < bill.secs),
                (&seen.carried_over, reserved_earlier.contains(&id)),
            ] {
                if happened {
                    count(counter);
                }
            }
        }
        for (id, bill) in &known {
            assert_eq!(all.get(id), Some(bill), "seed {seed}, phase {phase}: a bill is final");
        }
        known = all;
        reserved_earlier.extend(jobs.iter().filter(|job| !job.steps[phase].is_empty()).map(|job| job.id));
    }

    let wallet = store.wallet(account.user.clone(), PHASES[2].parse().unwrap()).await.unwrap();
    let stored = Books {
        included_used: wallet.included_used,
        billed: wallet.billed,
        credits: wallet.credits,
        owed: known.values().map(|bill| bill.micro_dollars).sum(),
    };
    assert_eq!(stored, books, "seed {seed}");
    assert_eq!(wallet.held, 0, "seed {seed}: nothing stays set aside");
    // Billed is what is ready, and nothing else: no ready one is forgotten, no other one is paid for.
    let mut left = 0;
    for job in &jobs {
        let (state, removed) = end_of(&http, job).await;
        assert_eq!(known.contains_key(&job.id), state == "ready", "seed {seed}, job {} is {state}", job.id);
        left += u32::from(!removed);
    }
    let slots = store.account(account.user.clone(), Timestamp::now()).await.unwrap().videos_used;
    assert_eq!(slots, left, "seed {seed}: a slot for each video that is left");
}

#[tokio::test]
async fn five_hundred_jobs_add_up_to_the_micro_dollar() {
    let _turn = alone().await;
    let (store, seen) = (World::get().store().await, Seen::default());
    stream::iter(SEEDS).for_each_concurrent(None, |seed| fifty_jobs(seed, &store, &seen)).await;
    for (counter, what) in [
        (&seen.died, "a step died half-way"),
        (&seen.refused, "a job was refused for lack of hours"),
        (&seen.carried_over, "a job was begun in one month and billed in another"),
        (&seen.split, "a job crossed the hundred hours"),
        (&seen.from_credits, "credits were drawn"),
        (&seen.uncovered, "a plan had shrunk before a job was billed"),
    ] {
        assert!(counter.load(Ordering::Relaxed) > 0, "in no schedule {what}: choose other seeds");
    }
}
