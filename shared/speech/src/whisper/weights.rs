//! The container that CTranslate2 keeps a model in (`model.bin`), read as it is: a list of names, shapes, types and
//! bytes, little-endian. Written after `ctranslate2/specs/model_spec.py` of CTranslate2 4, versions 5 and 6 of the file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use half::{bf16, f16};

use crate::ModelError;

/// No model of this kind has more: 32 layers of some 30 tensors, twice.
const MOST_TENSORS: u32 = 4096;
/// The largest tensor of the largest Whisper is a fifth of this.
const MOST_BYTES: u32 = 1 << 30;

/// Numbers in rows, the last dimension contiguous.
pub(super) struct Tensor {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// A model's tensors by name, each taken once.
pub(super) struct Weights {
    tensors: HashMap<String, Tensor>,
}

impl Weights {
    /// Reads a whole file.
    ///
    /// # Errors
    /// When it is not of this format, ends early, or has types that are not known here.
    pub(super) fn read(path: &Path) -> Result<Self, ModelError> {
        let file = File::open(path).map_err(|error| ModelError::unreadable(path, error))?;
        Container(BufReader::with_capacity(1 << 20, file))
            .tensors()
            .map_err(|error| ModelError::unreadable(path, error))
    }

    /// Takes a tensor of exactly this shape.
    pub(super) fn take<const N: usize>(
        &mut self,
        name: &str,
        shape: [usize; N],
    ) -> Result<Vec<f32>, ModelError> {
        let tensor = self.tensors.remove(name).ok_or_else(|| ModelError::misses(name))?;
        if tensor.shape != shape {
            return Err(ModelError::shape(name, &tensor.shape, &shape));
        }
        Ok(tensor.values)
    }

    /// The shape of a tensor that is still to be taken.
    pub(super) fn shape<const N: usize>(&self, name: &str) -> Result<[usize; N], ModelError> {
        let tensor = self.tensors.get(name).ok_or_else(|| ModelError::misses(name))?;
        let shape = tensor.shape.as_slice();
        shape.try_into().map_err(|_| ModelError::shape(name, shape, &[0; N]))
    }

    /// How many layers a part has.
    pub(super) fn layers(&self, part: &str) -> usize {
        (0..)
            .take_while(|layer| {
                self.tensors.contains_key(&format!("{part}/layer_{layer}/ffn/linear_0/weight"))
            })
            .count()
    }
}

struct Container<R>(R);

impl<R: Read> Container<R> {
    fn tensors(mut self) -> std::io::Result<Weights> {
        let version = self.u32()?;
        if !(5..=6).contains(&version) {
            return Err(invalid(format!("not a CTranslate2 model of version 5 or 6, but {version}")));
        }
        let kind = self.text()?;
        if kind != "WhisperSpec" {
            return Err(invalid(format!("not a Whisper model, but {kind}")));
        }
        let _revision = self.u32()?;
        let count = self.u32()?;
        if count > MOST_TENSORS {
            return Err(invalid(format!("{count} tensors")));
        }
        let mut tensors = HashMap::with_capacity(count as usize);
        for _ in 0..count {
            let (name, tensor) = self.tensor()?;
            tensors.insert(name, tensor);
        }
        dequantise(&mut tensors)?;
        Ok(Weights { tensors })
    }

    fn tensor(&mut self) -> std::io::Result<(String, Tensor)> {
        let name = self.text()?;
        let rank = self.array::<1>()?[0];
        let shape: Vec<usize> =
            (0..rank).map(|_| self.u32().map(|dimension| dimension as usize)).collect::<Result<_, _>>()?;
        let kind = self.array::<1>()?[0];
        let length = self.u32()?;
        if length > MOST_BYTES {
            return Err(invalid(format!("{name} has {length} bytes")));
        }
        let mut bytes = vec![0; length as usize];
        self.0.read_exact(&mut bytes)?;
        let values = numbers(kind, &bytes).ok_or_else(|| invalid(format!("{name} is of type {kind}")))?;
        let wanted = shape.iter().try_fold(1_usize, |product, &dimension| product.checked_mul(dimension));
        if wanted != Some(values.len()) {
            return Err(invalid(format!("{name} has {} numbers and not {shape:?}", values.len())));
        }
        Ok((name, Tensor { shape, values }))
    }

    fn text(&mut self) -> std::io::Result<String> {
        let length = u16::from_le_bytes(self.array()?);
        let mut bytes = vec![0; length.into()];
        self.0.read_exact(&mut bytes)?;
        bytes.pop(); // the zero at its end
        String::from_utf8(bytes).map_err(|_| invalid("a name is not text".to_owned()))
    }

    fn u32(&mut self) -> std::io::Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> std::io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// `DataType` of CTranslate2: 0 is float32, 1 int8, 2 int16, 3 int32, 4 float16, 5 bfloat16.
fn numbers(kind: u8, bytes: &[u8]) -> Option<Vec<f32>> {
    let halves = bytes.as_chunks::<2>().0.iter();
    let words = bytes.as_chunks::<4>().0.iter();
    Some(match kind {
        0 => words.map(|&number| f32::from_le_bytes(number)).collect(),
        1 => bytes.iter().map(|&number| f32::from(number.cast_signed())).collect(),
        2 => halves.map(|&number| f32::from(i16::from_le_bytes(number))).collect(),
        3 => words.map(|&number| i32::from_le_bytes(number) as f32).collect(),
        4 => halves.map(|&number| f16::from_le_bytes(number).to_f32()).collect(),
        5 => halves.map(|&number| bf16::from_le_bytes(number).to_f32()).collect(),
        _ => return None,
    })
}

/// Of a model that was stored in eight bits each row has a scale beside it, by which its numbers were multiplied.
fn dequantise(tensors: &mut HashMap<String, Tensor>) -> std::io::Result<()> {
    let scaled: Vec<String> =
        tensors.keys().filter_map(|name| name.strip_suffix("_scale").map(str::to_owned)).collect();
    for name in scaled {
        let Some(scales) = tensors.remove(&format!("{name}_scale")) else { continue };
        let Some(tensor) = tensors.get_mut(&name) else { continue };
        let rows = scales.values.len();
        if rows == 0 || !tensor.values.len().is_multiple_of(rows) {
            return Err(invalid(format!("{name} has {rows} scales")));
        }
        let width = tensor.values.len() / rows;
        for (row, scale) in tensor.values.chunks_exact_mut(width.max(1)).zip(scales.values) {
            row.iter_mut().for_each(|number| *number /= scale);
        }
    }
    Ok(())
}

fn invalid(what: String) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        [&(text.len() as u16 + 1).to_le_bytes()[..], text.as_bytes(), &[0]].concat()
    }

    /// A model of one tensor of two rows.
    fn model(kind: u8, numbers: &[u8], more: &[u8]) -> Vec<u8> {
        let count = if more.is_empty() { 1_u32 } else { 2 };
        let head = [
            6_u32.to_le_bytes().to_vec(),
            text("WhisperSpec"),
            3_u32.to_le_bytes().to_vec(),
            count.to_le_bytes().to_vec(),
        ];
        let shape = [2_u32.to_le_bytes(), 2_u32.to_le_bytes()].concat();
        let length = (numbers.len() as u32).to_le_bytes().to_vec();
        [head.concat(), text("a/weight"), vec![2], shape, vec![kind], length, numbers.to_vec(), more.to_vec()]
            .concat()
    }

    fn read(bytes: &[u8]) -> std::io::Result<Weights> {
        Container(bytes).tensors()
    }

    #[test]
    fn halves_and_scaled_bytes_are_numbers() {
        let halves: Vec<u8> =
            [1.0, -2.0, 0.5, 0.0].iter().flat_map(|number| f16::from_f32(*number).to_le_bytes()).collect();
        let mut weights = read(&model(4, &halves, &[])).unwrap();
        assert_eq!(weights.take("a/weight", [2, 2]).unwrap(), [1.0, -2.0, 0.5, 0.0]);

        let scales: Vec<u8> = [2.0_f32, 4.0].iter().flat_map(|number| number.to_le_bytes()).collect();
        let scale = [
            text("a/weight_scale"),
            vec![1],
            2_u32.to_le_bytes().to_vec(),
            vec![0],
            8_u32.to_le_bytes().to_vec(),
            scales,
        ];
        let mut weights = read(&model(1, &[2, 254, 8, 0], &scale.concat())).unwrap();
        assert_eq!(weights.take("a/weight", [2, 2]).unwrap(), [1.0, -1.0, 2.0, 0.0]);
    }

    #[test]
    fn what_is_cut_short_lies_or_is_another_model_is_refused() {
        let whole = model(0, &[0; 16], &[]);
        assert!(read(&whole).is_ok());
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
        assert!(read(&model(0, &[0; 12], &[])).is_err());
        assert!(read(&model(9, &[0; 16], &[])).is_err());
        let weights = read(&whole).unwrap();
        assert!(matches!(weights.shape::<3>("a/weight"), Err(ModelError::Shape { .. })));
        assert!(matches!(weights.shape::<2>("b/weight"), Err(ModelError::Misses(_))));
    }
}
