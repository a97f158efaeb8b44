//! What is tested beside mapping and filtering, once it is known which servers answer: each test is a
//! story of its own that waits for what it needs, runs beside the others, and writes into
//! [`super::facts::More`].

use std::rc::Rc;

use super::ground::Ground;
use crate::machine::script::{Part, all as side_by_side};

/// All of them, side by side.
pub(super) async fn all(ground: &Rc<Ground>) {
    ground.first_answer().await;
    let tests: Vec<Part<'_, ()>> = Vec::new();
    side_by_side(tests).await;
}
