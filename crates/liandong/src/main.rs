//! liandong
fn main() {}
