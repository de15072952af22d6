"""The language server: translates between the protocol and `ide`, and decides when policies are checked.

`server` starts it and knows what is offered, `session` holds the texts and checks them beside the loop, `translate`
turns offsets into the client's lines and columns; the other modules are families of requests.
"""
