#!/bin/bash
# Like Spark's own image, before an executor's pod ends: signal the executor, and wait for its end.
pid=$(ps -o pid=,cmd= -C java | awk '/Executor/ {print $1; exit}')
kill -s PWR "$pid"
timeout 60 tail --pid="$pid" -f /dev/null
