//! The demo's calls for talks.

/// A call to open, in the hub of which its owner is one.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) hub: &'static str,
    pub(super) owner: &'static str,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// The phase that it is brought to.
    pub(super) phase: &'static str,
    /// Who sees the counts before the close.
    pub(super) totals: &'static str,
    /// Days from now until voting begins by itself, and until it ends.
    pub(super) days: (Option<i64>, Option<i64>),
    pub(super) talks: &'static [Talk],
}

/// A talk to pitch.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) author: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    /// How many members vote for it.
    pub(super) votes: usize,
}

const fn talk(votes: usize, author: &'static str, title: &'static str, description: &'static str) -> Talk {
    Talk { author, title, description, votes }
}

/// The calls in the order in which they are opened. Only the last one is announced: nothing is missing when it is.
pub(super) const PLANS: [Plan; 6] = [
    Plan {
        hub: "small-and-round",
        owner: "emmy",
        title: "Round Table: Five Minutes Each",
        text: "Short talks about short animals. Everybody sees who leads, because rodents keep no secrets.",
        phase: "voting",
        totals: "shown",
        days: (None, Some(4)),
        talks: &[
            talk(4, "cleo", "Cheek Pouches: An Unboxing", "Forty-one sunflower seeds and one **earring**."),
            talk(2, "ada", "The Wheel Was Never Going Anywhere", "A memoir of 9,000 nightly kilometres."),
            talk(1, "dex", "Capybara: The Bench", "Who sits on whom, with a seating plan."),
        ],
    },
    Plan {
        hub: "one-braincell",
        owner: "bo",
        title: "Nine Lives, Nine Talks",
        text: "A call that we still think about. Pitching begins when we agree on the day.",
        phase: "draft",
        totals: "hidden",
        days: (None, None),
        talks: &[],
    },
    Plan {
        hub: "one-braincell",
        owner: "bo",
        title: "Winter Lightning Talks",
        text: "Five minutes, one cat, no slides with more than three words.\n\n\
               - Pitch as many talks as you like.\n\
               - You can edit yours until voting begins.\n",
        phase: "pitch",
        totals: "hidden",
        days: (Some(6), Some(13)),
        talks: &[
            talk(0, "cleo", "Gravity: Confirmed Again", "Seventeen mugs took part in this study."),
            talk(0, "emmy", "I Was Asleep on It First", "Property law for laptops."),
            talk(0, "dex", "A Dog's Guide to Cats", "Everything I know, in *one* bark."),
        ],
    },
    Plan {
        hub: "one-braincell",
        owner: "bo",
        title: "The Great Indoors: Talks of the Year",
        text: "Ten talks, one evening, and **one braincell** for the best of them. Vote for as many as you like. \
               Who leads shows once you have voted.",
        phase: "voting",
        totals: "hidden",
        days: (None, Some(5)),
        talks: &[
            talk(
                7,
                "cleo",
                "3 A.M.: A Sprint Retrospective",
                "What went well: the hallway. What didn't: the *vase*.",
            ),
            talk(
                6,
                "dex",
                "Closed Doors and Other Insults",
                "Two years of screaming at the bathroom, with data.",
            ),
            talk(
                6,
                "emmy",
                "The Red Dot Is a Lie",
                "Our investigators followed it for six months. Then it was off.",
            ),
            talk(
                5,
                "ada",
                "Boxes We Have Loved",
                "A tour from the *envelope* to the **washing machine carton**.",
            ),
            talk(5, "cleo", "Is It Food? A Decision Tree", "Spoiler: the tree has one leaf, and we ate it."),
            talk(4, "bo", "My Bowl Is Half Empty", "A philosophical emergency in the middle of the night."),
            talk(
                3,
                "emmy",
                "Vacuum Cleaners: Know Your Enemy",
                "It sleeps in the cupboard. It has **wheels**.",
            ),
            talk(3, "dex", "Who Is a Good Boy? An Audit", "Findings, and the appeal of the dog next door."),
            talk(2, "ada", "Knead to Know", "Bread, blankets, and the history of *biscuits*."),
            talk(1, "bo", "The Cucumber Incident", "Three survivors speak for the first time."),
        ],
    },
    Plan {
        hub: "one-braincell",
        owner: "bo",
        title: "Summer Nap Symposium",
        text: "Voting is over. We announce the result as soon as somebody is awake.",
        phase: "closed",
        totals: "hidden",
        days: (None, None),
        talks: &[
            talk(
                5,
                "ada",
                "Sunbeams: A Moving Target",
                "How to follow one across the floor without waking up.",
            ),
            talk(4, "emmy", "If I Fits, I Sleeps", "Salad bowls, hats, and the sink in *July*."),
            talk(2, "cleo", "Eyes Open, Nobody Home", "Advanced napping for when you are being talked to."),
        ],
    },
    Plan {
        hub: "one-braincell",
        owner: "bo",
        title: "Lightning Talks: The Classics",
        text: "Our first evening. You can check your receipt on the page of the result.",
        phase: "announced",
        totals: "hidden",
        days: (None, None),
        talks: &[
            talk(3, "emmy", "Where Did I Put That Thing?", "Ten places to look, and the one where it is."),
            talk(
                2,
                "cleo",
                "This Cheese Is Full Of Nails",
                "A cautionary tale about trust, and about cheese.",
            ),
            talk(1, "dex", "Having The Time Of Your Life", "It was a Tuesday. There was a squirrel."),
        ],
    },
];
