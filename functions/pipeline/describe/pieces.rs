//! What was found of a batch before all of it was: kept one piece after another, so that an attempt which fails or dies
//! leaves what it was paid for to the next one.

use std::collections::BTreeMap;
use std::ops::Range;

use domain::analysis::{Described, Provenance};
use edge::App;
use edge::step::StepError;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use steps::outputs;
use store::keys::Outputs;

use crate::AT_ONCE;

/// What came of scenes, by their places among those that are described.
pub(crate) type Places = BTreeMap<usize, Described>;

#[derive(Serialize, Deserialize)]
struct Piece {
    /// Who was asked.
    by: Provenance,
    described: Places,
}

/// Keeps a piece. It is known by its first place.
pub(crate) async fn keep(
    app: &App,
    outputs: Outputs,
    by: &Provenance,
    described: Places,
) -> Result<(), StepError> {
    let Some(first) = described.keys().next() else { return Ok(()) };
    let key = outputs.description_piece(*first as u32);
    outputs::write_json(app, &key, &Piece { by: by.clone(), described }).await
}

/// What the same describer said in an attempt that did not come to its end, of this generation or an earlier one.
pub(crate) async fn kept(
    app: &App,
    outputs: Outputs,
    by: &Provenance,
    places: Range<usize>,
) -> Result<Places, StepError> {
    let mut known = Places::new();
    for outputs in std::iter::once(outputs).chain(outputs.earlier()) {
        let missing: Vec<usize> = places.clone().filter(|place| !known.contains_key(place)).collect();
        let read = |place: usize| read(app, outputs, by, place);
        let pieces = stream::iter(missing).map(read).buffered(AT_ONCE);
        let pieces: Vec<Places> = pieces.try_collect().await?;
        for (place, described) in pieces.into_iter().flatten() {
            known.entry(place).or_insert(described);
        }
    }
    known.retain(|place, _| places.contains(place));
    Ok(known)
}

/// The piece that begins at this place. Without one, or with another describer's, there is nothing.
async fn read(app: &App, outputs: Outputs, by: &Provenance, first: usize) -> Result<Places, StepError> {
    let stored = app.store.object(&outputs.description_piece(first as u32)).await?;
    let piece = stored.and_then(|stored| serde_json::from_slice::<Piece>(&stored).ok());
    Ok(piece.filter(|piece| piece.by == *by).map(|piece| piece.described).unwrap_or_default())
}
