//! Scene detection against known truth: every seed is another film of shots, cuts, transitions, flashes and pans.

use super::{generate::clip_of, *};

/// Shots that look unlike each other; two of them move fast.
const SHOTS: [&str; 10] = [
    "testsrc2=s=320x180:r=30",
    "mandelbrot=s=320x180:r=30",
    "smptehdbars=s=320x180:r=30",
    "gradients=s=320x180:r=30:speed=0.01:c0=0x103060:c1=0x80c0ff:n=2:seed=5",
    "gradients=s=320x180:r=30:speed=0.02:c0=0x602010:c1=0xffd040:n=2:seed=9",
    "color=0x285a32:s=320x180:r=30,noise=alls=25:allf=t",
    "color=0xb4a08c:s=320x180:r=30,noise=alls=12:allf=t,drawbox=x=40+80*mod(t\\,2):y=60:w=60:h=60:c=0x202020:t=fill",
    "life=s=320x180:r=30:mold=10:ratio=0.3:death_color=0x301050:life_color=0xf0f0a0:seed=3",
    "testsrc=s=640x180:r=30,crop=320:180:x=160+150*sin(2*t):y=0",
    "cellauto=s=320x180:r=30:rule=110:seed=7:full=1",
];
const TRANSITIONS: [&str; 6] = ["fade", "dissolve", "fadeblack", "wipeleft", "slideleft", "fadewhite"];

/// The minimal standard generator (Park and Miller, 1988): a film is its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 as usize % sides
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        // Whole frames, so that the truth is exact.
        ((low + (high - low) * self.below(1000) as f64 / 1000.0) * 30.0).round() / 30.0
    }
}

struct Truth {
    from: f64,
    until: f64,
}

/// A film of `count` shots; `gradual` ones blend into each other, others are cut.
fn film(seed: u64, count: usize, gradual: bool) -> (generate::Clip, Vec<Truth>) {
    let mut dice = Dice(seed * 7919 + 1);
    for _ in 0..10 {
        dice.below(2);
    }
    let mut graph = Vec::new();
    let (mut at, mut truths, mut last_shot) = (0.0, Vec::new(), SHOTS.len());
    for shot in 0..count {
        let mut source = dice.below(SHOTS.len());
        if source == last_shot {
            source = (source + 1) % SHOTS.len();
        }
        last_shot = source;
        let length = if gradual { dice.between(3.0, 5.0) } else { dice.between(0.6, 5.0) };
        let blend = if gradual { dice.between(0.5, 1.5) } else { 0.0 };
        // Every third cut shot of some length has a flash of two frames in it.
        let flash = if !gradual && shot % 3 == 1 && length > 2.0 {
            ",drawbox=c=white:t=fill:enable='between(n,29,30)'"
        } else {
            ""
        };
        let trim = format!(
            "trim=duration={length:.6},setpts=PTS-STARTPTS,setsar=1,format=yuv420p,settb=1/30,fps=30{flash}"
        );
        graph.push(format!("{},{trim}[s{shot}]", SHOTS[source]));
        if shot == 0 {
            at = length;
            continue;
        }
        if gradual {
            let from = at - blend;
            let kind = TRANSITIONS[dice.below(TRANSITIONS.len())];
            let before = if shot == 1 { "s0".to_owned() } else { format!("x{}", shot - 1) };
            graph.push(format!(
                "[{before}][s{shot}]xfade={kind}:duration={blend:.6}:offset={from:.6}[x{shot}]"
            ));
            truths.push(Truth { from, until: at });
            at += length - blend;
        } else {
            truths.push(Truth { from: at, until: at });
            at += length;
        }
    }
    let output = if gradual {
        format!("x{}", count - 1)
    } else {
        let all: String = (0..count).map(|shot| format!("[s{shot}]")).collect();
        graph.push(format!("{all}concat=n={count}:v=1:a=0[all]"));
        "all".to_owned()
    };
    let graph = graph.join(";");
    let (output, encode) = (format!("[{output}]"), ["-c:v", "libx264", "-preset", "veryfast", "-r", "30"]);
    let mut arguments = vec!["-filter_complex", &graph, "-map", &output];
    arguments.extend(encode);
    (clip_of("film.mp4", &arguments), truths)
}

/// Found, missed and invented changes. A change counts anywhere inside its transition, plus or minus 0.1 s.
#[derive(Debug, Default)]
struct Score {
    hits: usize,
    misses: usize,
    inventions: usize,
}

impl Score {
    fn add(&mut self, truths: &[Truth], found: &[f64]) {
        let is_hit = |truth: &Truth, at: f64| at > truth.from - 0.1 && at < truth.until + 0.1;
        let hits = truths.iter().filter(|truth| found.iter().any(|at| is_hit(truth, *at))).count();
        self.hits += hits;
        self.misses += truths.len() - hits;
        self.inventions += found.len().saturating_sub(hits);
    }

    fn f1(&self) -> f64 {
        2.0 * self.hits as f64 / (2 * self.hits + self.misses + self.inventions).max(1) as f64
    }
}

async fn score(seeds: impl IntoIterator<Item = u64>, shots: usize, gradual: bool) -> Score {
    let mut score = Score::default();
    for seed in seeds {
        let (clip, truths) = film(seed, shots, gradual);
        let run = run(&clip.path, 60.0).await;
        let found: Vec<f64> = run.joined.scenes.iter().skip(1).map(|scene| scene.start.get()).collect();
        score.add(&truths, &found);
        let spans: Vec<(f64, f64)> = truths.iter().map(|truth| (truth.from, truth.until)).collect();
        eprintln!("seed {seed} gradual {gradual}\n truth {spans:.2?}\n found {found:.2?}");
        tiles(&run.joined);
    }
    eprintln!("{score:?} F1 {:.3}", score.f1());
    score
}

fn tiles(joined: &Joined) {
    let scenes = &joined.scenes;
    assert_eq!((scenes[0].start.get(), scenes[scenes.len() - 1].end), (0.0, joined.length));
    assert!(scenes.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].start < pair[0].end));
    assert_eq!(joined.keyframes.len(), scenes.len());
    for (scene, keyframe) in scenes.iter().zip(&joined.keyframes) {
        assert_eq!(scene.keyframe_at, keyframe.at);
        assert!(scene.start <= keyframe.at && keyframe.at < scene.end, "{scene:?} {keyframe:?}");
    }
}

// Seeds below 100 were looked at while the thresholds were chosen; those here were not.

#[tokio::test]
async fn hard_cuts_of_films_not_seen_before() {
    let score = score([101, 102], 14, false).await;
    assert!(score.f1() >= 0.96, "{score:?}");
}

#[tokio::test]
async fn gradual_changes_of_films_not_seen_before() {
    let score = score(201..205, 8, true).await;
    assert!(score.f1() >= 0.85, "{score:?}");
}

#[tokio::test]
#[ignore = "the films that the thresholds were chosen on; takes minutes"]
async fn films_of_the_drawing_board() {
    let cuts = score(1..5, 14, false).await;
    let gradual = score(11..17, 8, true).await;
    assert!(cuts.f1() > 0.97 && gradual.f1() > 0.95);
}
