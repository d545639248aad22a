//! Legal time, proved: the worked examples, properties, and every kind of broken rule file.

mod errors;
mod examples;
mod properties;
mod rules;
mod world;
