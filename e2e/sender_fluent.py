"""fluent-logger of PyPI: sends events 0 to COUNT - 1, in Message mode and without acks.

    sender_fluent.py PORT TAG COUNT
"""

import sys

from fluent.sender import FluentSender

port, tag, count = sys.argv[1:]
sender = FluentSender(tag, host="127.0.0.1", port=int(port), timeout=10, nanosecond_precision=True)
for number in range(int(count)):
    if not sender.emit(None, {"number": number, "text": "größer", "nested": {"list": [1, 2.5, True, None]}}):
        sys.exit(f"not sent: {sender.last_error}")
sender.close()
