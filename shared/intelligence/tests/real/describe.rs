use std::{fs, os::unix::fs::PermissionsExt, time::Instant};

use bytes::Bytes;
use domain::analysis::Description;
use intelligence::{
    BuiltinConfig, ProviderErrorKind,
    describe::{Builtin, Describer, SceneImage},
};

use crate::inputs::{board, frame, scene, writing};

async fn seen(describer: &Builtin, scenes: &[SceneImage]) -> Vec<Description> {
    let described = describer.describe(scenes).await.unwrap();
    described.iter().map(|described| described.seen().unwrap().clone()).collect()
}

#[tokio::test]
async fn boards_are_read_with_boxes_and_in_order() {
    let describer = Builtin::new(&BuiltinConfig::default());
    let scenes = [
        scene(0, board(&["Slope of a line", "y = mx + b", "rise over run"])),
        scene(1, board(&["Photosynthesis", "light and water"])),
    ];
    let begun = Instant::now();
    let described = seen(&describer, &scenes).await;
    eprintln!("MEASURED {:.2} s wall a frame", begun.elapsed().as_secs_f64() / 2.0);
    assert_eq!(described[0].on_screen_text.first().map(String::as_str), Some("Slope of a line"));
    assert_eq!(described[0].on_screen_text.last().map(String::as_str), Some("rise over run"));
    assert!(
        described[0]
            .text
            .starts_with("A bright, mostly white still picture. On-screen text: “Slope of a line”")
    );
    assert_eq!(described[1].on_screen_text, ["Photosynthesis", "light and water"]);
    assert!(described[0].provenance.model.starts_with("tesseract 5"), "{:?}", described[0].provenance);
    let title = &described[0].detections[0];
    assert_eq!(title.name, "text");
    assert!((title.x - 120.0 / 1280.0).abs() < 0.01 && (title.y - 60.0 / 720.0).abs() < 0.03, "{title:?}");
    assert!(title.width > 0.2 && title.width < 0.4 && title.confidence > 0.8, "{title:?}");
}

#[tokio::test]
async fn pictures_without_text_have_none() {
    let describer = Builtin::new(&BuiltinConfig::default());
    let sources = [
        // With seeds, where a picture is drawn by chance: what fails once can be looked at again.
        "life=s=1280x720:seed=1:mold=10:r=30:ratio=0.3:death_color=#602020:life_color=#40a040,trim=start_frame=20",
        "mandelbrot=s=1280x720:r=1",
        "color=c=gray:s=1280x720:r=1,noise=all_seed=1:alls=60:allf=t",
        "gradients=s=1280x720:r=1:n=4:seed=1",
        "cellauto=s=1280x720:r=1:rule=110:seed=1",
        "rgbtestsrc=s=1280x720:r=1",
        "smptehdbars=s=1280x720:r=1",
        "color=c=black:s=1280x720:r=1",
    ];
    let scenes: Vec<_> =
        (0..).zip(sources).map(|(n, source)| scene(n, frame(source, "format=yuvj420p"))).collect();
    let begun = Instant::now();
    let described = seen(&describer, &scenes).await;
    eprintln!("MEASURED {:.2} s wall a textless frame", begun.elapsed().as_secs_f64() / 8.0);
    for (source, description) in sources.iter().zip(&described) {
        assert!(description.on_screen_text.is_empty(), "{source}: {:?}", description.on_screen_text);
        assert_eq!(description.text, "A bright, mostly white still picture.");
    }
}

#[tokio::test]
async fn a_badly_lit_and_blurred_board_is_read() {
    let describer = Builtin::new(&BuiltinConfig::default());
    let text = writing(&["The slope of a line", "is rise over run"], "0x303030", 44);
    // Light falls off to the right and the bottom, the lens is soft, the sensor is noisy.
    let light = "geq=lum='lum(X,Y)*(1-0.72*X/W)*(1-0.4*Y/H)':cb=128:cr=128";
    let filter = format!("{text},{light},gblur=sigma=1.5,noise=alls=14");
    let picture = frame("color=c=0xe0e0e0:s=1280x720:r=1", &filter);
    let described = seen(&describer, &[scene(0, picture)]).await;
    let read = described[0].on_screen_text.join(" ");
    assert!(read.contains("slope of a line") && read.contains("rise over run"), "{read:?}");
}

#[tokio::test]
async fn a_frame_that_shows_nothing_new_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (counting, count) = (folder.path().join("tesseract"), folder.path().join("count"));
    let script =
        format!("#!/bin/sh\n[ $1 = --version ] || echo >> {}\nexec tesseract \"$@\"\n", count.display());
    fs::write(&counting, script).unwrap();
    fs::set_permissions(&counting, fs::Permissions::from_mode(0o755)).unwrap();
    let describer = Builtin::new(&BuiltinConfig { tesseract: counting, ..BuiltinConfig::default() });
    let shown = |ordinal, text: &str, noise: u32| {
        let filter = format!("{},noise=alls=14:all_seed={noise}", writing(&[text], "black", 44));
        scene(ordinal, frame("color=c=0xd0d0d0:s=1280x720:r=1", &filter))
    };
    let scenes = [
        shown(0, "Chapter one", 1),
        shown(1, "Chapter one", 2),
        shown(2, "Chapter one", 3),
        shown(3, "Chapter two", 4),
    ];
    let described = seen(&describer, &scenes).await;
    let read: Vec<_> = described.iter().map(|description| description.on_screen_text.join(" ")).collect();
    assert_eq!(read, ["Chapter one", "Chapter one", "Chapter one", "Chapter two"]);
    assert_eq!(fs::read_to_string(count).unwrap().lines().count(), 2, "frames read");
}

#[tokio::test]
async fn without_tesseract_the_description_says_less_and_the_provenance_why() {
    let config = BuiltinConfig { tesseract: "/no/such/tesseract".into(), ..BuiltinConfig::default() };
    let described = seen(&Builtin::new(&config), &[scene(0, board(&["Hidden"]))]).await;
    assert_eq!(described[0].text, "A bright, mostly white still picture.");
    assert_eq!(described[0].provenance.model, "no text recogniser");
}

#[tokio::test]
async fn what_is_not_a_picture_is_refused() {
    let describer = Builtin::new(&BuiltinConfig::default());
    let whole = board(&["Cut"]);
    for bytes in [Bytes::new(), Bytes::from_static(b"GIF89a"), whole.slice(..60)] {
        let error = describer.describe(&[scene(0, bytes)]).await.unwrap_err();
        assert_eq!(error.kind(), ProviderErrorKind::BadInput, "{error:?}");
    }
}
