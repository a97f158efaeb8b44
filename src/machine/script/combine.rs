//! Parts of a story side by side. Every part is looked at whenever anything happens, so none needs a
//! waker.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

/// Which of two came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Either<A, B> {
    First(A),
    Second(B),
}

/// Waits for both.
pub async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut a, mut b) = (None, None);
    poll_fn(|context| {
        if a.is_none()
            && let Poll::Ready(value) = first.as_mut().poll(context)
        {
            a = Some(value);
        }
        if b.is_none()
            && let Poll::Ready(value) = second.as_mut().poll(context)
        {
            b = Some(value);
        }
        match (a.take(), b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (x, y) => {
                (a, b) = (x, y);
                Poll::Pending
            }
        }
    })
    .await
}

/// Waits for the first of two; the other is dropped.
pub async fn either<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> Either<A, B> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        if let Poll::Ready(value) = first.as_mut().poll(context) {
            return Poll::Ready(Either::First(value));
        }
        second.as_mut().poll(context).map(Either::Second)
    })
    .await
}

/// A part of a story, to be put beside others.
pub type Part<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Waits for the first of many, which leaves the list; the others go on when they are waited for again.
pub async fn any<T>(parts: &mut Vec<Part<'_, T>>) -> T {
    poll_fn(|context| {
        for place in 0..parts.len() {
            if let Poll::Ready(value) = parts[place].as_mut().poll(context) {
                drop(parts.swap_remove(place));
                return Poll::Ready(value);
            }
        }
        Poll::Pending
    })
    .await
}

/// Waits for all, and gives their results in order.
pub async fn all<T>(parts: Vec<Part<'_, T>>) -> Vec<T> {
    let mut parts: Vec<(Option<Part<'_, T>>, Option<T>)> = parts.into_iter().map(|part| (Some(part), None)).collect();
    poll_fn(|context| {
        let mut open = false;
        for (part, result) in &mut parts {
            if let Some(future) = part {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => {
                        *result = Some(value);
                        *part = None;
                    }
                    Poll::Pending => open = true,
                }
            }
        }
        if open { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    parts.into_iter().filter_map(|(_, result)| result).collect()
}
