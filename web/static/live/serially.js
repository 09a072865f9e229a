/** The first and the longest wait before an act is tried again. */
const FIRST = 1000;
const LONGEST = 30_000;

/**
 * Returns a function that has `act` run, never twice at a time: calls during a run make it run once more. If it fails,
 * it is tried again until it succeeds.
 */
export function serially(act) {
  let running = false;
  let wanted = false;
  let wait = FIRST;
  let timer;
  const run = async () => {
    wanted = true;
    if (running) return;
    running = true;
    clearTimeout(timer);
    while (wanted) {
      wanted = false;
      try {
        await act();
        wait = FIRST;
      } catch {
        timer = setTimeout(run, wait * (0.5 + Math.random()));
        wait = Math.min(LONGEST, wait * 2);
        break;
      }
    }
    running = false;
  };
  return run;
}
