//! Comments as they are shown.

use pawdium_shared::comments::links::{Piece, pieces};
use pawdium_shared::comments::{Comment, CommentState};

use crate::http::visitor::Visitor;
use crate::photos::present::media_path;
use crate::views::comments::{CommentLine, TextPiece};

/// A line of the list.
pub(super) fn line(comment: &Comment, visitor: &Visitor) -> CommentLine {
    let is_gone = comment.state == CommentState::Removed;
    let is_member = visitor.member().is_ok();
    CommentLine {
        id: comment.id.0,
        author: comment.author.as_ref().map(|author| author.name.clone()),
        portrait: comment.author.as_ref().and_then(|author| author.avatar.as_deref()).map(media_path),
        text: pieces(&comment.text).into_iter().map(piece).collect(),
        at: comment.created_at,
        edited_at: comment.edited_at,
        is_held: comment.state == CommentState::Held,
        is_gone,
        is_reply: comment.parent.is_some(),
        is_own: comment.is_own,
        may_reply: is_member && comment.state == CommentState::Shown,
        acts: match comment {
            _ if is_gone => None,
            Comment { is_own: true, is_young: true, .. } => Some("Edit or delete"),
            Comment { is_own: true, .. } => Some("Delete"),
            _ if visitor.moderates() => Some("Moderate"),
            _ if is_member => Some("More"),
            _ => None,
        },
    }
}

fn piece(piece: Piece<'_>) -> TextPiece {
    match piece {
        Piece::Text(text) => TextPiece { text: text.to_owned(), address: None },
        Piece::Link { address, text } => TextPiece { text: text.to_owned(), address: Some(address) },
    }
}
