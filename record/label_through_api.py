"""A person who knows every answer, through the API of `deepal label`: python label_through_api.py URL TRUTH.csv LABELS [PAUSE]

URL: as the command prints it, with its token. TRUTH.csv: id,label of every sample. Answers LABELS questions, PAUSE seconds after each
[default: 0], and prints how long requests took.
"""

import csv
import json
import sys
import time
import urllib.parse
import urllib.request
import uuid

address, truth, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])
pause = float(sys.argv[4]) if len(sys.argv) > 4 else 0.0
parts = urllib.parse.urlsplit(address)
token = urllib.parse.parse_qs(parts.query)["token"][0]
classes_of = {row["id"]: row["label"] for row in csv.DictReader(open(truth))}
times = {"next": [], "answer": []}


def call(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{parts.scheme}://{parts.netloc}{path}", data, headers)
    begun = time.monotonic()
    with urllib.request.urlopen(request) as reply:
        value = json.load(reply)
    times[path.split("/")[2].split("?")[0]].append(1000 * (time.monotonic() - begun))
    return value


done, begun = 0, time.monotonic()
while done < wanted:
    found = call("/api/next?n=20")
    names = [entry["name"] for entry in found["state"]["classes"]]
    if not found["questions"]:
        # The next batch is being chosen.
        time.sleep(0.05)
    for question in found["questions"][: wanted - done]:
        label = names.index(classes_of[question["id"]])
        call("/api/answer", {"key": str(uuid.uuid4()), "items": [question["item"]], "action": "label", "class": label, "millis": 1})
        done += 1
        time.sleep(pause)
print(f"{done} answers in {time.monotonic() - begun:.1f} s")
for name, all in times.items():
    all.sort()
    at = [all[int((len(all) - 1) * share)] for share in (0.5, 0.95, 0.99)]
    print(name, "p50 {:.1f}, p95 {:.1f}, p99 {:.1f} ms".format(*at), f"of {len(all)}")
