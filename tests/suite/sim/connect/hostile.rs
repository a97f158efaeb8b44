//! What is pasted wrongly, and what is sent to harm.

use rtcprobe::report::connect::ConnectState;

use super::call::{Call, HOME, Side};

#[test]
fn a_wrong_line_is_named_and_a_right_one_still_counts() {
    let mut call = Call::new(6, [Side::behind(HOME), Side::behind(HOME)]);
    call.tell(0, "https://example.org/");
    call.tell(0, "");
    let [one, _] = call.run();
    assert_eq!(one.state, ConnectState::Connected);
    let troubles = call.troubles(0);
    assert_eq!(troubles.len(), 2, "{troubles:?}");
    assert!(troubles[0].contains("the address of a page"), "{troubles:?}");
    assert_eq!(one.refused.iter().filter(|refused| refused.from == "signalling").count(), 2);
}
