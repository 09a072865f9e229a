"""Celery as a contender, with the protocol of src/queue/protocol.rs.

Settings: https://docs.celeryq.dev/en/stable/userguide/optimizing.html: no results, no events, and no communication
between workers. Threads were faster than processes on two cores, and no prefetch multiplier beat the default.
"""

import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from celery import Celery, signals

CONCURRENCY = 24
CALLERS = 64

# Celery prints a greeting to standard output, so the protocol uses another descriptor.
OUT = os.dup(1)
os.dup2(2, 1)

app = Celery("bench", broker="redis+socket://" + os.environ["BENCH_REDIS"])
app.conf.update(
    task_ignore_result=True,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_pool_limit=CALLERS,
)

expected = None
handled = 0
handling = threading.Lock()


def now():
    """Nanoseconds of CLOCK_MONOTONIC, which all processes of one machine share."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def say(**line):
    os.write(OUT, (json.dumps(line) + "\n").encode())


@app.task(name="noop")
def noop(n):
    global handled
    if expected is None:
        say(event="started", job=n, at=now())
    with handling:
        handled += 1
        if handled == expected:
            say(event="handled", jobs=handled)


def enqueue_singly(count):
    for n in range(count // 20):
        noop.delay(n)
    begin = now()
    for n in range(count):
        noop.delay(n)
    say(event="took", seconds=(now() - begin) / 1e9)


def enqueue_at_once(count):
    def add_all(count):
        def add_share(caller):
            for n in range(caller, count, CALLERS):
                noop.delay(n)

        with ThreadPoolExecutor(CALLERS) as callers:
            list(callers.map(add_share, range(CALLERS)))

    add_all(count // 20)
    begin = now()
    add_all(count)
    say(event="took", seconds=(now() - begin) / 1e9)


def enqueue_bulk(count):
    begin = now()
    with app.producer_pool.acquire(block=True) as producer:
        for n in range(count):
            noop.apply_async((n,), producer=producer)
    say(event="took", seconds=(now() - begin) / 1e9)


@signals.worker_ready.connect
def on_ready(**_):
    say(event="claiming", at=now())


def stop_at_end_of_input():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def work():
    threading.Thread(target=stop_at_end_of_input, daemon=True).start()
    try:
        app.worker_main(
            [
                "worker",
                f"--concurrency={CONCURRENCY}",
                "--pool=threads",
                "--loglevel=warning",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ]
        )
    except SystemExit:
        pass
    say(event="stopped", jobs=handled)


def dispatch():
    for job, _ in enumerate(sys.stdin):
        noop.delay(job)
        say(event="enqueued", job=job, at=now())


if __name__ == "__main__":
    verb, *number = sys.argv[1:]
    count = int(number[0]) if number else None
    if verb == "prepare":
        say(event="prepared")
    elif verb == "enqueue-singly":
        enqueue_singly(count)
    elif verb == "enqueue-at-once":
        enqueue_at_once(count)
    elif verb == "enqueue-bulk":
        enqueue_bulk(count)
    elif verb == "dispatch":
        dispatch()
    else:
        expected = count
        work()
