//! The lists of photos.

use super::{Baked, PlainChrome};
use crate::views::explore::ExploreHead;
use crate::views::newest::NewestPage;
use crate::views::top::TopPage;
use crate::views::trending::TrendingPage;
use crate::views::{Chrome, Fragment};

macro_rules! list {
    ($(#[$doc:meta])* $name:ident, $page:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name {
            /// The tabs and filters.
            pub head: ExploreHead,
            /// The rendered list.
            pub list: Fragment,
        }

        impl $name {
            /// The page with this layout.
            #[must_use]
            pub fn within(self, chrome: Chrome) -> $page {
                $page { chrome, head: self.head, list: self.list }
            }
        }

        impl Baked for $name {
            type Page = $page;

            fn page(self, chrome: PlainChrome) -> $page {
                self.within(chrome.into_chrome())
            }
        }
    };
}

list! {
    /// `GET /top`
    BakedTop, TopPage
}

list! {
    /// `GET /trending`
    BakedTrending, TrendingPage
}

list! {
    /// `GET /new`
    BakedNewest, NewestPage
}
