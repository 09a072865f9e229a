import { announce } from "./live/swap.js";
import { watch } from "./live.js";
import { Board } from "./talks/board.js";
import { countCharacters } from "./talks/characters.js";
import { countDown } from "./talks/countdown.js";
import { Votes } from "./talks/votes.js";

countCharacters(document);

const element = document.querySelector("[data-board]");
if (element) {
  let watched = "";
  let stop = null;
  const board = new Board(element, follow);
  const votes = new Votes(board);
  const { look } = board;
  // What the voter has pressed is sent first, and its answer shows the rest.
  board.isBusy = () => votes.isBusy;
  follow();
  votes.resume();
  countDown(look);
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-board] form[data-vote]")) return;
    event.preventDefault();
    votes.press(event.target, event.submitter);
  });

  /** Watches what the part names: the votes, too, once the visitor may know them. */
  function follow() {
    const { topics } = board.element.dataset;
    if (topics === watched) return;
    watched = topics;
    stop?.();
    if (topics) stop = watch(topics.split(" "), { changed: look, look, gone: look });
  }
} else {
  countDown(() => announce("The phase of the call is over."), 1);
}
