;;; emacs.el --- Emacs with the package of the project, for tests  -*- lexical-binding: t; -*-
;;
;; emacs -Q --batch -L PACKAGE -l emacs.el -f nba-test-indent|nba-test-faces PLACES
;; PLACES is a JSON file: for each path a list of characters, from 0. The answer is one JSON object.

;;; Code:

(require 'json)
(require 'nba-mode)

(defun nba-test--each (act)
  "Answer with what ACT gives in the buffer of each path, for the places of the path."
  (let* ((json-object-type 'alist) (json-key-type 'string)
         (places (json-read-file (pop command-line-args-left))))
    (princ (json-encode
            (mapcar (lambda (entry)
                      (with-current-buffer (find-file-noselect (car entry))
                        (unless (derived-mode-p 'nba-mode) (error "No nba-mode in %s" (car entry)))
                        (cons (car entry) (funcall act (cdr entry)))))
                    places)))))

(defun nba-test-indent ()
  "The texts as Emacs indents them when no line is indented."
  (nba-test--each (lambda (_places)
                    (goto-char (point-min))
                    (while (re-search-forward "^[ \t]+" nil t) (replace-match ""))
                    (let ((inhibit-message t)) (indent-region (point-min) (point-max)))
                    (buffer-string))))

(defun nba-test-faces ()
  "The faces at the places."
  (nba-test--each (lambda (places)
                    (font-lock-ensure)
                    (mapcar (lambda (at) (get-text-property (1+ at) 'face)) places))))

;;; emacs.el ends here
