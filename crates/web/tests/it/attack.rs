//! A scripted attacker: each test is somebody who wants in, or wants more than is theirs, and is refused.

mod flood;
mod forged;
mod guess;
mod header;
mod markup;
mod path;
mod sql;
mod visit;
