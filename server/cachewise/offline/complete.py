"""prototype"""
from __future__ import annotations
import math, re, os
from dataclasses import dataclass
from cachewise.offline.blend import blend
from cachewise.offline.chains import LONGEST
from cachewise.offline.index import Index, salt as salt_of
from cachewise.offline.papers import followed, stood
from cachewise.offline.vocabulary import UNKNOWN
from cachewise.offline.words import indentation, line_end, words
BEFORE, AFTER = 150_000, 60_000
NEARW = float(os.environ.get("NEARW", 4)); BETA = float(os.environ.get("BETA", .6))
END=set(range(1, UNKNOWN))
@dataclass(slots=True)
class Step:
    text: str          # what is appended ("" = end)
    p: float
    order: int
    amount: float
    near: float        # share from document among supporting
    second: float
    longest_agrees: float
    humps: list
    first: bool
    partial: int

MARKS=[chr(i) for i in range(UNKNOWN)]
_TAIL = re.compile(r"[ \t]?\w+$|[ \t]$")

def steps(index: Index, before: str, after: str, language: str, name: str = "", most: int = 30, chooser=lambda out: out[0]):
    papers, vocab = index.papers, index.vocabulary
    before = before[-BEFORE:]
    after = after[:AFTER]
    cut = before.rfind("\n") + 1
    head, line = before[:cut], before[cut:]
    paper, indent, empty = papers.encode(head)
    newline = after.find("\n")
    rest = after[newline+1:] if newline >= 0 else ""
    here = indentation(line)
    below, _, _ = papers.encode(rest, here)
    if head.endswith("\n") : pass
    blank = head[:-1].rpartition("\n")[2].strip() == "" and bool(head)
    mark = line_end(indent, here, empty=blank)
    bare = line.strip(" \t\r\n\x0b\x0c") if False else line[here:]
    m = _TAIL.search(bare)
    partial = m.group() if m else ""
    done = bare[: len(bare) - len(partial)]
    context = paper[-LONGEST:] + chr(vocab.number(mark)) + "".join([chr(papers.number(w)) for w in words(done)])
    paper = paper + context[min(len(paper), LONGEST):]
    salt = salt_of(language)
    text_of = papers.text
    first = True
    for number_of in range(most):
        latest = [ord(c) for c in context[: -LONGEST - 1 : -1]]
        latest += [0] * (LONGEST - len(latest))
        far = index.follow(latest, salt, name)
        extra = []
        ages = {}
        if partial:
            bare_p = partial.lstrip()
            lead = partial[: len(partial) - len(bare_p)]
            own = partial_number = papers.number(partial)
            if bare_p:
                known = re.findall(r"(?<!\w)" + re.escape(bare_p) + r"\w*", head[-60000:])
                cands = {}
                for back, w in enumerate(reversed(known)):
                    n = papers.number(lead + w)
                    extra.append((0, n, 1.0))
                    ages.setdefault(n, back)
                for w in re.findall(r"(?<!\w)" + re.escape(bare_p) + r"\w*", rest):
                    n = papers.number(lead + w)
                    extra.append((0, n, 1.0))
                    ages.setdefault(n, 50)
                cands = list(ages)[:40]
                for n in vocab.beginning_with(partial)[:200]:
                    extra.append((0, n, 0.3))
                extra.append((0, own, 0.5))
                near = followed(paper, context, cands) + [(a, n, d + 3000) for a, n, d in followed(below, context, cands)]
            else:
                near = [x for x in stood(paper, context) + [(a, n, d + 3000) for a, n, d in stood(below, context)] if text_of(x[1])[:1] == partial]
            far = [x for x in far if text_of(x[1]).startswith(partial)]
        else:
            near = stood(paper, context) + [(a, n, d + 3000) for a, n, d in stood(below, context)]
        lastmark = max(context.rfind(m) for m in MARKS)
        linectx = context[lastmark+1:]
        linewords = {text_of(ord(c)).strip() for c in linectx}
        prev = text_of(ord(context[-1])).strip() if linectx else "\n"
        if prev == "=" and len(linectx) > 1 and not partial.strip():
            extra.append((0, papers.number(" " + text_of(ord(linectx[-2])).strip()), 2.0))
        matches = [(a, 1 if n < UNKNOWN else n, NEARW) for a, n, _ in near] + [(a, 1 if n < UNKNOWN else n, 1.0) for a, n, _ in far] + extra
        chances, longest, amount = blend(matches, BETA)
        chances.pop(UNKNOWN, 0.0)
        if not chances:
            return
        ranked = sorted(chances.items(), key=lambda kv: (-kv[1], text_of(kv[0])))[:3]
        out = []
        for best, p in ranked:
            nn = fn = 0; nt = ft = rn = rf = 0; age = 9999; seen0 = 0.0
            for a, n, d in near:
                if n < UNKNOWN: n = 1
                if n == best:
                    nn += 1
                    if a > nt: nt = a
                    if d < age: age = d
                elif a > rn: rn = a
            for a, n, d in far:
                if n < UNKNOWN: n = 1
                if n == best:
                    fn += 1
                    if a > ft: ft = a
                elif a > rf: rf = a
            for a, n, w in extra:
                if n == best: seen0 += w
            second = max((v for k, v in ranked if k != best), default=0.0)
            word = "" if best == 1 else text_of(best)
            piece = word[len(partial):]
            inner = word.strip()
            out.append((best, word, piece, features(p, second, nn, fn, nt, ft, rn, rf, age, len(partial), word, piece, number_of, amount, longest, seen0, best == 1, len(linectx), inner in linewords, prev, ages.get(best, 60), len(context) - lastmark)))
        yield out, partial, chances
        pick = chooser(out)
        if pick is None or pick[0] == 1:
            return
        context += chr(pick[0])
        partial = ""

def lg(x): return math.log(max(x,1e-4)/max(1-x,1e-4))
def features(p, second, nn, fn, nt, ft, rn, rf, age, partial, word, piece, step, amount, longest, seen0, end, linelen, inline, prev, back, _):
    inner = word.strip()
    top, rival = max(nt, ft), max(rn, rf)
    return (lg(p)/4, math.log(second+1e-3)/4, math.log1p(nn)/2, math.log1p(fn)/3, nt/6, ft/6, rn/6, rf/6, (top-rival)/6, math.log1p(age)/5,
        min(partial,5)/5, float(partial>0), float(inner.isalnum() or '_' in inner), float(inner[:1] in tuple(')]},;:') and inner != ''), math.log1p(len(piece))/2, float(step==0), min(step,8)/8, math.log1p(amount)/3, longest/6, math.log1p(seen0)/2, float(end), float(inner.isdigit()), float(bool(inner) and inner[0] in '\'"`'), float(nn==0), float(fn==0),
        min(linelen,10)/10, float(top>linelen), float(top>linelen+1), float(rival>linelen), float(inline and len(inner)>2), float(prev=='\n'), float(prev=='.'), float(prev in ('(', '[', '{', ',')), float(prev=='='), float(prev.isalnum()), math.log1p(back)/3, float(inner.isupper()), float(seen0==0 and partial>0))
