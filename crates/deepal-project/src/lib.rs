//! Labelling projects: answers that last, the next questions, a net from all labels, and an accuracy that is true.
//!
//! A [`Project`] is a folder with one SQLite file of append-only [`Event`]s; its [`State`] is a fold over them. The answer to a question is
//! on disk before [`Project::answer`] returns. Training and choosing questions is [`Work`], which another thread can do meanwhile.
//!
//! ```text
//! source ──▶ Project ──State──▶ page, program, Python
//!              ▲  │
//!      Answer ─┘  └─ Work (owned snapshot) ──run, on any thread──▶ Done ──Project::adopt──▶ new batch
//! ```

mod api;

pub use api::*;
