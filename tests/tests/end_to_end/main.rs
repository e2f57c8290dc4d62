//! The product from outside: the real binaries behind the real template in the emulator, real ffmpeg, Tesseract and
//! yt-dlp, and clients that know nothing but the references.

mod access;
mod chat;
mod fetching;
mod inputs;
mod upload;
