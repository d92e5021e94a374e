#!/usr/bin/env python3
"""Puts small faults into the reference implementation and counts those that the vectors notice.

    python3 vectors/gen/mutants/mutants.py            all of them
    python3 vectors/gen/mutants/mutants.py --part 1/8 one in eight
    python3 vectors/gen/mutants/mutants.py --match 'limit' --verbose

A fault is put into testees/python/reference.py (operators.py), or between it and the
runner (kinds.py: what a typical bug makes of a request or of an answer, for every format and
operation). Then the vectors are asked, by the strict and by the tolerant reader, until one differs:
in the answer, the kind of error, its place or the keys in front of it. The exit code is 1 if a fault
goes unnoticed that survivors.txt does not explain, or if survivors.txt names one that is noticed.
"""
import argparse
import collections
import json
import multiprocessing
import multiprocessing.connection
import os
import pathlib
import resource
import signal
import sys
import time
import types
import zlib

import kinds
import operators

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent.parent
REFERENCE = VECTORS / "testees/python/reference.py"
MEMORY = 2 << 30  # of one process, in octets: a mutant may try to write gigabytes
SECONDS = 8  # of one mutant, many times what the right program takes

TOLERANT = ("h2o", "h2o-2.0", "go-casper", "cache-digest")  # these read tolerantly in another way

Mutant = collections.namedtuple("Mutant", "id make lines format op")
Question = collections.namedtuple("Question", "id request expect")


def questions():
    """Every vector as each of the readers is asked it."""
    manifest = json.loads((VECTORS / "manifest.json").read_text())
    asked = []
    for file in manifest["files"]:
        for v in json.loads((VECTORS / file["path"]).read_text())["vectors"]:
            asked.append(question(v, v["params"], v["expect"]))
            if v["op"] in ("decode", "query") and ("large" not in v["flags"] or v["format"] in TOLERANT):
                lenient = question(v, {**v["params"], "lenient": True}, v.get("expect_lenient", v["expect"]))
                asked.append(lenient._replace(id=v["id"] + ", tolerant"))
    return asked


def question(v, params, expect):
    return Question(v["id"], {"format": v["format"], "op": v["op"], "params": params, "input": v["input"]}, expect)


def right(reply, expect):
    """As the runner judges with --error-kinds: what the vector does not state is not looked at."""
    if "error" in expect or "error" in reply:
        stated = [m for m in ("offset", "keys_before_error") if m in expect and m in reply]
        return all(reply.get(m) == expect.get(m) for m in ["error", *stated])
    return all(reply["ok"].get(m) == value for m, value in expect.items())


def load(code):
    module = types.ModuleType("reference")
    exec(code, module.__dict__)
    return module


class TooLong(BaseException):
    pass


def alarm(*_):
    raise TooLong


def notice(mutant, asked):
    """The first vector that notices the mutant, and how; or None."""
    signal.signal(signal.SIGVTALRM, alarm)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    q = None
    try:
        reply = mutant.make()
        for q in asked:
            answer = reply(json.loads(json.dumps(q.request)))
            if not right(answer, q.expect):
                return q.id, "another answer"
    except TooLong:
        return q and q.id, "too long"
    except MemoryError:
        return q and q.id, "too much memory"
    except RecursionError:
        return q and q.id, "no end"
    except Exception as e:  # the program ends
        return q and q.id, type(e).__name__
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None


def trace(source, asked):
    """Which lines of the reference each question runs through, and how long it takes."""
    code = compile(source, "reference.py", "exec")
    module = load(code)
    lines_of, took = {}, {}
    for i, q in enumerate(asked):
        started = time.process_time()
        answer = module.reply(json.loads(json.dumps(q.request)))
        took[i] = time.process_time() - started
        if not right(answer, q.expect):
            sys.exit(f"the reference is wrong at {q.id}: {str(answer)[:300]}")
    for i, q in enumerate(asked):
        seen = set()

        def local(frame, event, _):
            seen.add(frame.f_lineno)
            return local

        def entered(frame, *_):
            if frame.f_code.co_filename != "reference.py":
                return None
            seen.add(frame.f_lineno)
            return local

        sys.settrace(entered)
        module.reply(q.request)
        sys.settrace(None)
        for line in seen:
            lines_of.setdefault(line, []).append(i)
    return lines_of, took


def mutants(source):
    """All of them. Ids say what was changed where, and stay as long as that line does."""
    for id, lines, code in operators.mutants(source):
        yield Mutant(id, lambda code=code: load(code()).reply, lines, None, None)
    plain = compile(source, "reference.py", "exec")
    module = load(plain)
    for id, format, op, wrap in kinds.mutants(module):
        yield Mutant(id, lambda wrap=wrap: wrap(module.reply), None, format, op)


def meant(mutant, asked, lines_of, took):
    """The questions that can notice the mutant, the quick ones first."""
    if mutant.lines is not None:
        chosen = {i for line in mutant.lines for i in lines_of.get(line, ())}
        if not chosen:  # runs when the program starts, or never
            chosen = range(len(asked))
    else:
        chosen = [
            i for i, q in enumerate(asked)
            if (mutant.op is None or q.request["op"] == mutant.op)
            and (mutant.format is None or q.request["format"].startswith(mutant.format) or mutant.format == "any")
        ]
    return [asked[i] for i in sorted(chosen, key=took.get)]


def explained():
    """survivors.txt: an id a line, behind it # and why; a word in front says what that means."""
    known = {}
    for n, line in enumerate((HERE / "survivors.txt").read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            id, _, why = line.partition("  # ")
            word, _, id = id.strip().partition(" ")
            if word not in ("same", "open") or not why.strip() or id in known:
                sys.exit(f"survivors.txt, line {n}: want \"same ID  # why\" or \"open ID  # why\", each id once")
            known[id] = word
    return known


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--part", default="1/1", help="only a part of them, such as 1/8: chosen by their ids, the same each time")
    options.add_argument("--match", default="", help="only mutants whose id holds this")
    options.add_argument("--verbose", action="store_true", help="say which vector noticed each")
    options.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    given = options.parse_args()

    started = time.time()
    source = REFERENCE.read_text()
    asked = questions()
    lines_of, took = trace(source, asked)
    every = list(mutants(source))
    twice = [id for id, n in collections.Counter(m.id for m in every).items() if n > 1]
    if twice:
        sys.exit(f"two mutants have the id {twice[0]!r}")
    known = explained()
    gone = sorted(set(known) - {m.id for m in every})
    if gone:
        sys.exit(f"survivors.txt explains {gone[0]!r}, which is no mutant")
    which, parts = map(int, given.part.split("/"))
    every = [m for m in every if zlib.crc32(m.id.encode()) % parts == which - 1]
    every = [m for m in every if given.match in m.id]
    work = [(m, meant(m, asked, lines_of, took)) for m in every]

    noticed, survived = 0, []
    for mutant, found in run(work, given.jobs):
        if found:
            noticed += 1
            if mutant.id in known:
                survived.append(f"{mutant.id}\n    is noticed by {found[0]}: take it out of survivors.txt")
            if given.verbose:
                print(f"{mutant.id}\n    {found[1]}: {found[0]}")
        elif mutant.id not in known:
            survived.append(mutant.id)
    same = sum(known.get(m.id) == "same" for m in every)
    still = sum(known.get(m.id) == "open" for m in every)
    for id in survived:
        print(f"UNNOTICED {id}")
    faults = len(every) - same
    share = 100 * noticed / max(1, faults)
    print(
        f"{len(every)} mutants, {same} of which change nothing that can be asked; of {faults} faults "
        f"{noticed} are noticed ({share:.2f} %), {still} are explained, {len(survived)} are not; "
        f"{len(asked)} questions, {time.time() - started:.0f} s"
    )
    sys.exit(1 if survived or share < 99 else 0)


def run(work, jobs):
    """notice of each, in some processes. One that dies takes the mutant with it that it was at."""
    context, running = multiprocessing.get_context("fork"), {}

    def start(todo):
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=answer, args=(theirs, todo))
        child.start()
        theirs.close()
        running[ours] = child, todo

    def answer(out, todo):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        for i in todo:
            out.send(notice(*work[i]))

    for k in range(jobs):
        start(list(range(k, len(work), jobs)))
    while running:
        for ours in multiprocessing.connection.wait(list(running)):
            child, todo = running[ours]
            try:
                found = ours.recv()
            except EOFError:
                child.join()
                del running[ours]
                if not todo:
                    continue
                found = None, "the program ended"
                start(todo[1:])
            yield work[todo.pop(0)][0], found


if __name__ == "__main__":
    main()
