;;; emacs_server.el --- Emacs with eglot and the language server, for tests  -*- lexical-binding: t; -*-
;;
;; emacs -Q --batch -L PACKAGE -l emacs_server.el POLICY WRONG RIGHT. In POLICY stands WRONG, where RIGHT should.

;;; Code:

;; Where Debian puts packages, which -Q leaves out.
(dolist (folder (file-expand-wildcards "/usr/share/emacs/site-lisp/elpa/*"))
  (add-to-list 'load-path folder))
(require 'eglot)
(require 'flymake)
(require 'json)
(require 'nba-mode)
(setq eglot-sync-connect 30 eglot-autoshutdown t flymake-no-changes-timeout 0.1)

(defun nba-test--wait (what condition)
  "Wait for CONDITION, which is called WHAT.  Without a person, Emacs is never idle: so Flymake is started by hand."
  (with-timeout (30 (error "No %s" what))
    (while (not (funcall condition))
      (flymake-start)
      (accept-process-output nil 0.1))))

(pcase-let ((`(,policy ,wrong ,right) command-line-args-left))
  (setq command-line-args-left nil)
  (find-file policy)
  (call-interactively #'eglot)
  (nba-test--wait "finding" #'flymake-diagnostics)
  (let* ((found (mapcar (lambda (d)
                          `((text . ,(buffer-substring-no-properties
                                      (flymake-diagnostic-beg d) (flymake-diagnostic-end d)))
                            (message . ,(flymake-diagnostic-text d))))
                        (flymake-diagnostics)))
         (server (eglot-current-server)))
    (goto-char (point-min))
    (search-forward wrong)
    (replace-match right)
    (eglot--signal-textDocument/didChange)
    (nba-test--wait "end of findings" (lambda () (null (flymake-diagnostics))))
    (backward-word)
    (let ((hover (jsonrpc-request server :textDocument/hover (eglot--TextDocumentPositionParams))))
      (set-buffer-modified-p nil)
      (eglot-shutdown server)
      (princ (json-encode `((findings . ,(vconcat found))
                            (hover . ,(plist-get (plist-get hover :contents) :value))))))))

;;; emacs_server.el ends here
