"""The editor in the browser: `nba edit`.

A page on this machine only (`server`, `requests`), with a language server of its own for each connection (`bridge`), the
files of the policy's folder (`folder`), and beside the text what it does (`desk`): counts, tests and one customer's story,
worked out in a process (`worker` starts it, `look` is what runs there) while the author types. The page itself is made in
editor-support/browser and lies in `assets`.
"""
