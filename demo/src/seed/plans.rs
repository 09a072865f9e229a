//! The demo's hubs.

/// A hub to make.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) slug: &'static str,
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) join: &'static str,
    pub(super) visibility: &'static str,
    /// Whether nothing in it changes any more, and nothing has for long.
    pub(super) is_archived: bool,
    /// The member who makes it.
    pub(super) owner: &'static str,
    /// Another owner.
    pub(super) helper: &'static str,
    /// How many of the neighbours are members, of ten.
    pub(super) tenths: u32,
    /// Those who have asked to join and wait for an answer.
    pub(super) waiting: &'static [&'static str],
    /// The species of its photos.
    pub(super) species: &'static [&'static str],
    /// Kinds of widgets beyond those that a new hub begins with.
    pub(super) more: &'static [&'static str],
    pub(super) about: &'static str,
    pub(super) rules: &'static str,
    pub(super) note: &'static str,
    pub(super) links: &'static str,
}

/// The hubs in the order in which they are made. The first has every kind of widget that no other has.
pub(super) const PLANS: [Plan; 6] = [
    Plan {
        slug: "one-braincell",
        name: "One Braincell",
        summary: "Cats who take turns with it.",
        join: "open",
        visibility: "public",
        is_archived: false,
        owner: "bo",
        helper: "emmy",
        tenths: 8,
        waiting: &[],
        species: &["cat"],
        more: &["talks", "sticky-note", "trending", "histogram", "badges", "topics", "links"],
        about: "There is **one braincell**, and today it is somebody else's turn.\n\n\
                Post a cat who has just:\n\n\
                - fallen off something flat,\n\
                - forgotten a tongue outside,\n\
                - fought a shadow and lost.\n",
        rules: "1. The cat is never wrong.\n\
                2. A photo is derpy or it is a portrait. Portraits belong elsewhere.\n\
                3. Rate the face, not the furniture.\n",
        note: "Tongue Tuesday is every day this week. Show us the blep.",
        links: "How to photograph a black cat https://en.wikipedia.org/wiki/Black_cat\n\
                What a blep is https://en.wiktionary.org/wiki/blep\n",
    },
    Plan {
        slug: "zoomies",
        name: "Zoomies",
        summary: "Dogs at full speed, in focus or not.",
        join: "request",
        visibility: "public",
        is_archived: false,
        owner: "cleo",
        helper: "dex",
        tenths: 5,
        waiting: &["otis", "pip", "sol"],
        species: &["dog"],
        more: &["join-requests", "histogram", "sticky-note"],
        about: "Blurred ears are a **feature**. Owners look at who asks to join once a day.",
        rules: "1. All four paws off the ground count double in spirit.\n\
                2. No leashes in the frame, please.\n",
        note: "Sunday, 10 o'clock: the big meadow. Bring towels.",
        links: "",
    },
    Plan {
        slug: "feather-brained",
        name: "Feather-Brained",
        summary: "Birds who stare back.",
        join: "invite",
        visibility: "public",
        is_archived: false,
        owner: "dex",
        helper: "ada",
        tenths: 4,
        waiting: &[],
        species: &["bird"],
        more: &["topics", "badges"],
        about: "A small circle with *very* strong opinions about pigeons. Members are invited.",
        rules: "- No flash: it ruffles them.\n- Pigeons are birds. This has been settled.\n",
        note: "",
        links: "Bird calls for beginners https://xeno-canto.org/\n",
    },
    Plan {
        slug: "small-and-round",
        name: "Small and Round",
        summary: "Rabbits, rodents and whatever else rolls.",
        join: "open",
        visibility: "public",
        is_archived: false,
        owner: "emmy",
        helper: "cleo",
        tenths: 6,
        waiting: &[],
        species: &["rabbit", "rodent"],
        more: &["talks", "trending"],
        about: "If it fits into a teapot, it fits in here. **Capybaras** are small and round at heart.",
        rules: "1. Rounder is better.\n2. Snacks are allowed in the picture.\n",
        note: "We look for a new header picture. The roundest wins.",
        links: "",
    },
    Plan {
        slug: "night-shift",
        name: "Night Shift",
        summary: "What they do at three in the morning. Members only.",
        join: "invite",
        visibility: "private",
        is_archived: false,
        owner: "ada",
        helper: "bo",
        tenths: 3,
        waiting: &[],
        species: &["cat", "reptile", "rodent"],
        more: &["sticky-note"],
        about: "What happens here stays here. Nobody else sees this page, its photos in it, or its members.",
        rules: "- Never wake the dog.\n",
        note: "If you find the left sock, keep it. It is evidence.",
        links: "",
    },
    Plan {
        slug: "paddock-archive",
        name: "The Old Paddock",
        summary: "Horses of seasons past.",
        join: "open",
        visibility: "public",
        is_archived: true,
        owner: "ada",
        helper: "cleo",
        tenths: 3,
        waiting: &[],
        species: &["horse"],
        more: &["cobwebs"],
        about: "The paddock is closed. Thank you for all the long faces.",
        rules: "",
        note: "",
        links: "",
    },
];
