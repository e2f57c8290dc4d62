//! The books of ten accounts with fifty jobs each, whose steps come at once, come again, and die half-way, over the ends
//! of two months, with plans that change and packs that are bought. What an account owes is worked out a second time
//! here, from the published price table alone, and must agree to the micro-dollar.

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
use store::{BillingEvent, Origin, Reservation, Retried, Store, Video, Wish};
use tests::library;
use tests::wait::at_rest;
use tests::world::World;

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

/// The plans of an account in the three phases, and the longest of its jobs in milliseconds.
fn terms(seed: u64) -> ([Plan; 3], u64) {
    const HOUR: u64 = 3_600_000;
    match seed % 5 {
        // Hours run out, credits are drawn, jobs are refused.
        0 => ([Plan::Free, Plan::Starter, Plan::Free], HOUR / 2),
        1 => ([Plan::Starter, Plan::Starter, Plan::Free], 2 * HOUR),
        2 => ([Plan::Starter, Plan::Pro, Plan::Starter], 3 * HOUR),
        // More than a hundred hours a month.
        3 => ([Plan::Max, Plan::Enterprise, Plan::Max], 20 * HOUR),
        _ => ([Plan::Pro, Plan::Max, Plan::Enterprise], 16 * HOUR),
    }
}

/// A generator of numbers that look random: SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// Something that is done to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It is probed, and its length set aside.
    Plan,
    /// It becomes ready.
    Finish,
    /// It gives up.
    Fail,
    /// Its owner stops it.
    Cancel,
    /// Its owner removes it.
    Remove,
    /// Its owner wants another attempt.
    Retry,
    /// Somebody notices how it ended.
    Settle,
}

/// A job and what is going to happen to it: steps that are done one after the other, or two at once.
struct Job {
    number: u64,
    id: VideoId,
    /// What the probe says.
    length_ms: u64,
    /// What can be decoded.
    decoded_ms: u64,
    /// Per phase.
    steps: [Vec<Vec<Step>>; 3],
}

impl Job {
    fn roll(dice: &mut Dice, number: u64, id: VideoId, longest_ms: u64) -> Self {
        use Step::{Cancel, Fail, Finish, Plan, Remove, Retry, Settle};
        let length_ms = if dice.roll(5) == 0 { dice.roll(40_000) } else { dice.roll(longest_ms) };
        let decoded_ms = if dice.roll(8) == 0 { dice.roll(2 * length_ms + 1) } else { length_ms };
        let end = match dice.roll(20) {
            0..9 => vec![vec![Finish]],
            9 => vec![vec![Finish, Fail]],
            10..12 => vec![vec![Finish, Cancel]],
            12 => vec![vec![Finish, Remove]],
            13..15 => vec![vec![Fail], vec![Retry], vec![Plan], vec![Finish]],
            15 => vec![vec![Fail, Retry], vec![Retry], vec![Plan, Cancel], vec![Finish]],
            16 => vec![vec![Fail]],
            17 => vec![vec![Plan, Cancel]],
            18 => vec![vec![Plan, Remove]],
            _ => vec![vec![Finish], vec![Remove]],
        };
        let begins = dice.roll(3) as usize;
        let ends = begins + dice.roll(3 - begins as u64) as usize;
        let mut steps: [Vec<Vec<Step>>; 3] = Default::default();
        if dice.roll(10) > 0 {
            steps[begins].push(vec![Plan]);
        }
        steps[ends].extend(end);
        // What was delivered once may be delivered again, long after.
        for _ in 0..dice.roll(3) {
            let late = [Plan, Finish, Fail, Settle][dice.roll(4) as usize];
            steps[ends + dice.roll(3 - ends as u64) as usize].push(vec![late]);
        }
        Self { number, id, length_ms, decoded_ms, steps }
    }
}

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
            Step::Retry => drop(store.retry(&video, now).await.unwrap()),
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

/// Seconds that a length is billed for: whole ones, and at least 30.
fn billable(length_ms: u64) -> u64 {
    length_ms.div_ceil(1000).max(30)
}

/// The price of `secs` after `before` others of the month, in micro-dollars: $2.00 an hour for the first hundred hours,
/// $1.50 from there, rounded half up.
fn price(before: u64, secs: u64) -> u64 {
    let cheap = (before + secs).saturating_sub(360_000).min(secs);
    let in_3600ths = (secs - cheap) * 2_000_000 + cheap * 1_500_000;
    in_3600ths / 3600 + u64::from(in_3600ths % 3600 >= 1800)
}

/// Hours that a plan includes each month.
fn included_hours(plan: Plan) -> u64 {
    match plan {
        Plan::Free => 1,
        Plan::Starter => 10,
        Plan::Pro => 50,
        Plan::Max => 250,
        Plan::Enterprise => 2_000,
    }
}

/// A bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bill {
    secs: u64,
    from_included: u64,
    from_credits: u64,
    micro_dollars: u64,
}

impl Bill {
    /// From a row as it is stored.
    fn read(row: &Value) -> Option<Self> {
        let receipt = &row["receipt"]["M"];
        let number = |name: &str| receipt[name]["N"].as_str().unwrap().parse().unwrap();
        (row["entry"]["S"] == "committed").then(|| Self {
            secs: number("secs"),
            from_included: number("from_included"),
            from_credits: number("from_credits"),
            micro_dollars: number("micro_dollars"),
        })
    }

    /// Bills of a phase in an order in which they can have been written, if there is one: while a month goes on the
    /// price only falls, and included hours come before credits and those before nothing.
    fn place(&self) -> (u8, u8) {
        let price = match self.micro_dollars {
            full if full == price(0, self.secs) => 0,
            reduced if reduced == price(360_000, self.secs) => 2,
            _ => 1,
        };
        let source = match (self.from_included, self.from_credits) {
            (included, _) if included == self.secs => 0,
            (1.., _) => 1,
            (0, credits) if credits == self.secs => 2,
            (0, 1..) => 3,
            (0, 0) => 4,
        };
        (price, source)
    }
}

/// What an account has and owes, worked out here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Books {
    included_used: u64,
    billed: u64,
    credits: u64,
    owed: u64,
}

impl Books {
    fn bill(&mut self, plan: Plan, secs: u64) -> Bill {
        let from_included = secs.min((included_hours(plan) * 3600).saturating_sub(self.included_used));
        let from_credits = (secs - from_included).min(self.credits);
        let micro_dollars = price(self.billed, secs);
        self.included_used += from_included;
        self.credits -= from_credits;
        self.billed += secs;
        self.owed += micro_dollars;
        Bill { secs, from_included, from_credits, micro_dollars }
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

/// The price table of the reference, held against what is used above.
#[test]
fn the_price_table_is_the_references() {
    for (length_ms, secs, micro_dollars) in [
        (10_000, 30, 16_667),
        (300_000, 300, 166_667),
        (2_700_000, 2_700, 1_500_000),
        (3_600_000, 3_600, 2_000_000),
        (11_400_000, 11_400, 6_333_333),
    ] {
        assert_eq!((billable(length_ms), price(0, billable(length_ms))), (secs, micro_dollars));
    }
    assert_eq!(price(360_000 - 1_800, 3_600), 1_750_000, "an hour that crosses the line");
    assert_eq!(price(360_000, 3_600), 1_500_000);
}

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
        let Retried::Queued(again) = store.retry(&failed, now).await.unwrap() else {
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
