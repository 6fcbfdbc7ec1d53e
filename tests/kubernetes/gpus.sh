#!/bin/sh
# A discovery script as Spark calls it, for devices that nobody has.
echo '{"name": "gpu", "addresses": ["4", "7"]}'
