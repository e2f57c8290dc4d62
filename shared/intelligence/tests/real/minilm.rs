use std::{path::PathBuf, time::Instant};

use intelligence::embed::{Embedder, MiniLm};

/// The model's folder, from `MINILM_DIR`; says so when it is not given.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("MINILM_DIR").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: set MINILM_DIR to the folder with MiniLM's files to run this test");
    }
    folder
}

#[tokio::test]
async fn meaning_is_close_and_other_meaning_is_not() {
    let Some(folder) = folder() else { return };
    let minilm = MiniLm::find(&folder).expect("MINILM_DIR has no model.safetensors");
    let texts = [
        "What was written on the whiteboard?",
        "The equation y = mx + b is written on a board.",
        "A red car drives through the rain.",
        "An automobile moves along a wet road.",
        "",
    ]
    .map(str::to_owned);
    let begun = Instant::now();
    minilm.embed(&texts[..1]).await.unwrap();
    let first = begun.elapsed();
    let begun = Instant::now();
    let vectors = minilm.embed(&texts).await.unwrap();
    eprintln!("MEASURED load and first {first:?}, then {:?} a sentence", begun.elapsed() / 4);
    let dot = |a: usize, b: usize| vectors[a].iter().zip(&vectors[b]).map(|(x, y)| x * y).sum::<f32>();
    assert!(vectors.iter().all(|vector| vector.len() == 384));
    for n in 0..4 {
        assert!((dot(n, n) - 1.0).abs() < 1e-4);
    }
    assert!(dot(0, 1) > 0.3 && dot(2, 3) > 0.6, "{} {}", dot(0, 1), dot(2, 3));
    assert!(dot(0, 2) < 0.1 && dot(1, 3) < 0.1, "{} {}", dot(0, 2), dot(1, 3));
    assert!(vectors[4].iter().all(|x| *x == 0.0), "nothing is close to nothing");
}

#[tokio::test]
async fn texts_longer_than_the_model_are_cut() {
    let Some(folder) = folder() else { return };
    let minilm = MiniLm::find(&folder).expect("MINILM_DIR has no model.safetensors");
    let long = "the slope of a line ".repeat(400);
    let begun = Instant::now();
    let vectors = minilm.embed(&[long.clone(), long + " and a red car"]).await.unwrap();
    eprintln!("MEASURED {:?} for a text of the model's full length", begun.elapsed() / 2);
    assert_eq!(vectors[0], vectors[1]);
}
