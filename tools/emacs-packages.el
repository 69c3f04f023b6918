;;; emacs-packages.el --- prepares unpacked packages as Emacs itself would  -*- lexical-binding: t; -*-

;; usage: emacs -Q --batch -l tools/emacs-packages.el FOLDER
;; Writes the autoloads of each package in FOLDER and compiles it; of lsp-mode, which has a file for each of a hundred
;; servers, only what every buffer loads.

(require 'package)

(defconst needed
  (rx "/lsp-" (or "mode" "protocol" "inline-completion" "lens" "modeline" "headerline" "diagnostics" "completion"
                  "semantic-tokens" "icons")
      ".el" eos))

(let ((folders (directory-files (car command-line-args-left) t "-[0-9]")))
  (dolist (folder folders)
    (add-to-list 'load-path folder)
    (package-generate-autoloads (replace-regexp-in-string "-[0-9].*" "" (file-name-nondirectory folder)) folder))
  (dolist (folder folders)
    (dolist (file (directory-files folder t "\\.el\\'"))
      (unless (or (string-match-p "-\\(pkg\\|autoloads\\)\\.el\\'" file)
                  (and (string-match-p "/lsp-mode-[^/]*/" file) (not (string-match-p needed file))))
        (byte-compile-file file)))))

(setq command-line-args-left nil)
