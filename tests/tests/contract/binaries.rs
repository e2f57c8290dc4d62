//! The built programs are what Lambda can load: its C library, its processors, nothing else.

use std::path::{Path, PathBuf};

use elf::ElfBytes;
use elf::abi::{DT_NEEDED, EM_AARCH64, EM_X86_64, SHT_SYMTAB};
use elf::endian::LittleEndian;

use crate::house;

/// The newest version of the C library that may be asked for; infra/zig links against it. Lambda's provided.al2023 has
/// 2.34.
const FLOOR: Version = Version { major: 2, minor: 28 };

/// The libraries that every Lambda runtime has, by the names that a program asks for.
const LIBRARIES: [&str; 7] = [
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// `GLIBC_2.2.5` as 2.2; the third number never decides.
    fn of(symbol_version: &str) -> Option<Self> {
        let mut numbers = symbol_version.strip_prefix("GLIBC_")?.split('.').map(str::parse);
        Some(Self { major: numbers.next()?.ok()?, minor: numbers.next()?.ok()? })
    }
}

/// Folders with a program for each function, each with the processor that it is for.
fn builds() -> Vec<(PathBuf, u16)> {
    let own = if cfg!(target_arch = "aarch64") { EM_AARCH64 } else { EM_X86_64 };
    let packaged = [("arm64", EM_AARCH64), ("x86_64", EM_X86_64)].map(|(name, machine)| {
        (house::root().join("target/package").join(name).join("target/lambda"), machine)
    });
    // What was not packaged here is tested where it is; the machine's own build is always there.
    let packaged = packaged.into_iter().filter(|(folder, _)| folder.is_dir());
    std::iter::once((house::root().join("target/lambda"), own)).chain(packaged).collect()
}

#[test]
fn every_function_can_be_loaded_by_lambda() {
    let mut complaints = vec![];
    for (folder, machine) in builds() {
        for bin in house::bins().keys() {
            let program = folder.join(bin).join("bootstrap");
            complaints.extend(
                faults(&program, machine).into_iter().map(|fault| format!("{}: {fault}", program.display())),
            );
        }
    }
    house::settle(complaints);
}

fn faults(program: &Path, machine: u16) -> Vec<String> {
    let bytes = match std::fs::read(program) {
        Ok(bytes) => bytes,
        Err(error) => return vec![format!("{error}: run `make build`, or `make package`")],
    };
    read_faults(&bytes, machine).unwrap_or_else(|error| vec![format!("is not a program: {error}")])
}

fn read_faults(bytes: &[u8], machine: u16) -> Result<Vec<String>, elf::ParseError> {
    let file = ElfBytes::<LittleEndian>::minimal_parse(bytes)?;
    let mut faults = vec![];
    if file.ehdr.e_machine != machine {
        faults.push(format!("is for the processor {}, not {machine}", file.ehdr.e_machine));
    }
    if file.section_headers().is_some_and(|headers| headers.iter().any(|header| header.sh_type == SHT_SYMTAB))
    {
        faults.push("has its symbols still: set `strip` in every profile that it is built with".to_owned());
    }
    let strings = file.dynamic_symbol_table()?.map(|(_, strings)| strings);
    let dynamic = file.dynamic()?;
    let (Some(strings), Some(dynamic)) = (strings, dynamic) else { return Ok(faults) };
    for entry in dynamic.iter().filter(|entry| entry.d_tag == DT_NEEDED) {
        let library = strings.get(usize::try_from(entry.d_val())?)?;
        if !LIBRARIES.contains(&library) {
            faults.push(format!("needs {library}, which Lambda has not: link it statically"));
        }
    }
    let (symbols, names) = file.dynamic_symbol_table()?.ok_or(elf::ParseError::BadOffset(0))?;
    let versions = file.symbol_version_table()?;
    for (index, symbol) in symbols.iter().enumerate() {
        let Some(needed) = versions.as_ref().map(|table| table.get_requirement(index)).transpose()?.flatten()
        else {
            continue;
        };
        if Version::of(needed.name).is_none_or(|version| version > FLOOR) {
            let name = names.get(usize::try_from(symbol.st_name)?)?;
            faults.push(format!("needs {name}@{}: link it with infra/zig", needed.name));
        }
    }
    Ok(faults)
}

/// The test itself can fail: the machine's own shell is linked against whatever it has, and is no function.
#[test]
fn a_newer_library_is_noticed() {
    assert!(Version::of("GLIBC_2.35") > Some(FLOOR));
    assert!(Version::of("GLIBC_2.2.5") < Some(FLOOR));
    assert_eq!(Version::of("GCC_3.0"), None);
    let other = if cfg!(target_arch = "aarch64") { EM_X86_64 } else { EM_AARCH64 };
    assert!(faults(Path::new("/bin/bash"), other).iter().any(|fault| fault.contains("processor")));
    // It links libtinfo.
    assert!(faults(Path::new("/bin/bash"), other).iter().any(|fault| fault.contains("which Lambda has not")));
}
