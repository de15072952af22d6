; Comments may hold TODO, links and the like.

((comment) @injection.content
  (#set! injection.language "comment"))
