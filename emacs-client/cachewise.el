;;; cachewise.el --- LLM suggestions and explanations, with their cost  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: tools, languages
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Connects lsp-mode (10 or newer, which shows suggestions behind the cursor) or eglot (which shows them as
;; completions) to the language server cachewise: explanations stream into a buffer, and the cost is in the mode line.
;; Nothing of either is loaded here; what belongs to one of them is set up once it is there.  The program `cachewise'
;; must be in `exec-path' and a key in the environment.

;;; Code:

(require 'cl-lib)
(require 'subr-x)

(defgroup cachewise nil
  "LLM suggestions and explanations, with their cost."
  :group 'tools)

(defcustom cachewise-command '("cachewise" "serve")
  "How the server is started."
  :type '(repeat string))

(defcustom cachewise-modes '(prog-mode)
  "Major modes, with those derived from them, in which lsp-mode starts the server."
  :type '(repeat symbol))

(defcustom cachewise-settings nil
  "Settings of the server, as a property list such as (:budget (:perDayUsd 2))."
  :type 'plist)

(defvar cachewise-mode-line ""
  "What the server last told about its health and the cost of its session.")

;; What comes from the server: a hash table or a property list, as the client has it.

(defun cachewise--get (object key &rest keys)
  "The value of KEY, a keyword, in OBJECT, then of KEYS in that; null is nil."
  (let ((value (cond ((hash-table-p object) (gethash (substring (symbol-name key) 1) object))
                     ((listp object) (plist-get object key)))))
    (cond ((memq value '(:null :json-null :json-false)) nil)
          (keys (apply #'cachewise--get value keys))
          (t value))))

(defun cachewise--on-status (status)
  "Show STATUS in the mode line."
  (let ((cost (cachewise--get status :session :costUsd))
        (known (cachewise--get status :session :costIsComplete))
        (ratio (cachewise--get status :session :hitRatio))
        (health (cachewise--get status :health)))
    (setq cachewise-mode-line
          (concat (if (equal health "ok") " " " ! ")
                  (if cost (format "$%.4f%s" cost (if known "" "?")) "$?")
                  (if ratio (format " · %.0f%% cached" (* 100 ratio)) "")
                  " "))
    (force-mode-line-update t)))

(unless (memq 'cachewise-mode-line global-mode-string)
  (setq global-mode-string (append (or global-mode-string '("")) '(cachewise-mode-line))))

;; Answers, which stream into a buffer of their own.

(defvar cachewise--streams (make-hash-table :test #'equal)
  "The buffers of the answers that are coming in, by both of their tokens.")

(defvar cachewise--count 0)

(defvar-local cachewise--source nil "The buffer and the place that the answer is about, as a function that asks on.")
(defvar-local cachewise--work nil "The token of the work while the answer is coming in.")
(defvar-local cachewise--stop nil "Ends the work.")
(defvar-local cachewise--allow nil "Sends the last question, which a budget forbids, all the same.")

(defvar cachewise-answer-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "q") #'cachewise-close)
    (define-key map (kbd "C-c C-c") #'cachewise-stop)
    (define-key map (kbd "RET") #'cachewise-ask-further)
    (define-key map (kbd "C-c C-a") #'cachewise-allow-once)
    map))

(define-minor-mode cachewise-answer-mode
  "Keys in an answer.  \\{cachewise-answer-mode-map}"
  :keymap cachewise-answer-mode-map)

(defun cachewise--append (buffer text)
  "Put TEXT at the end of BUFFER, wherever its readers are."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (let ((inhibit-read-only t))
        (save-excursion
          (goto-char (point-max))
          (insert text))))))

(defun cachewise--footer (buffer text)
  "Show TEXT over BUFFER."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (setq header-line-format (string-replace "%" "%%" text)))))

(defun cachewise--on-progress (token value)
  "Take VALUE of the progress on TOKEN; nil where TOKEN is of no answer."
  (when-let ((buffer (gethash token cachewise--streams)))
    (cond ((cachewise--get value :text) (cachewise--append buffer (cachewise--get value :text)))
          ((equal (cachewise--get value :kind) "end")
           (cachewise--footer buffer (or (cachewise--get value :message) ""))))
    t))

(defun cachewise--ended (buffer partial work &optional failure allow)
  "The answer in BUFFER, on PARTIAL and WORK, ended: well, or with FAILURE.
ALLOW sends the question although a budget forbids it."
  (remhash partial cachewise--streams)
  (remhash work cachewise--streams)
  (when failure
    (cachewise--append buffer (format "\n*%s*\n" (cachewise--get failure :message))))
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (setq cachewise--work nil)
      (when (equal (cachewise--get failure :data :kind) "overBudget")
        (setq cachewise--allow allow)
        (cachewise--footer buffer "over budget · C-c C-a sends it all the same, once")))))

(defun cachewise--answer-buffer (name)
  "An empty buffer for the answer about NAME."
  (let ((buffer (get-buffer-create (format "*cachewise: %s*" name))))
    (with-current-buffer buffer
      (cachewise-stop)
      (let ((inhibit-read-only t))
        (erase-buffer))
      (if (fboundp 'gfm-view-mode) (gfm-view-mode) (text-mode))
      (setq buffer-read-only t)
      (visual-line-mode)
      (cachewise-answer-mode))
    buffer))

(defun cachewise--ask (method place question &optional buffer refresh allow)
  "Send METHOD about PLACE with QUESTION; stream the answer into BUFFER.
Without BUFFER it is a new one.  With REFRESH the provider is asked whatever
is stored, with ALLOW whatever the budget is."
  (let* ((client (or (cachewise--client) (user-error "The server cachewise is not at work in this buffer")))
         (asking (current-buffer))
         (buffer (or buffer (cachewise--answer-buffer (buffer-name))))
         (number (cl-incf cachewise--count))
         (partial (format "cachewise-text-%d" number))
         (work (format "cachewise-work-%d" number)))
    (puthash partial buffer cachewise--streams)
    (puthash work buffer cachewise--streams)
    (with-current-buffer buffer
      (setq cachewise--allow nil
            cachewise--work work
            cachewise--stop (lambda (token) (funcall (plist-get client :notify)
                                                     "window/workDoneProgress/cancel" (list :token token)))
            cachewise--source (lambda (further)
                                (with-current-buffer asking
                                  (cachewise--ask "cachewise/ask" place further buffer)))))
    (display-buffer buffer)
    (funcall (plist-get client :request) method
             (append place (and question (list :question question)) (and refresh (list :refresh t))
                     (and allow (list :allowOverBudget t))
                     (list :partialResultToken partial :workDoneToken work))
             (lambda (_answer) (cachewise--ended buffer partial work))
             (lambda (failure)
               (cachewise--ended buffer partial work failure
                                 (lambda ()
                                   (with-current-buffer asking
                                     (cachewise--ask method place question buffer refresh t))))))))

(defun cachewise-stop ()
  "End the answer that is coming into this buffer."
  (interactive)
  (when cachewise--work
    (funcall cachewise--stop cachewise--work)))

(defun cachewise-close ()
  "End the answer and close its window."
  (interactive)
  (cachewise-stop)
  (quit-window t))

(defun cachewise-allow-once ()
  "Send the question that a budget forbids all the same, this once."
  (interactive)
  (if cachewise--allow (funcall cachewise--allow) (user-error "No budget forbids this question")))

(defun cachewise-ask-further (question)
  "Ask a further QUESTION; the answer goes below this one."
  (interactive "sAsk further: ")
  (cachewise--append (current-buffer) (format "\n\n---\n\n**%s**\n\n" question))
  (funcall cachewise--source question))

;;;###autoload
(defun cachewise-explain ()
  "Explain the region, or what point is on."
  (interactive)
  (cachewise--ask "cachewise/explain" (cachewise--place) nil))

;;;###autoload
(defun cachewise-ask (question)
  "Ask QUESTION about the region, or about what point is on."
  (interactive "sAsk: ")
  (cachewise--ask "cachewise/ask" (cachewise--place) question))

(defun cachewise--place ()
  "The parameters that name the region, or point."
  (let ((client (or (cachewise--client) (user-error "The server cachewise is not at work in this buffer"))))
    (append (list :textDocument (funcall (plist-get client :document)))
            (if (use-region-p)
                (list :range (list :start (funcall (plist-get client :position) (region-beginning))
                                   :end (funcall (plist-get client :position) (region-end))))
              (list :position (funcall (plist-get client :position) (point)))))))

(defun cachewise--from-action (arguments)
  "Carry out a code action with ARGUMENTS.
The client itself would wait for the whole text."
  (let* ((argument (elt arguments 0))
         (question (cachewise--get argument :question))
         (place (list :textDocument (list :uri (cachewise--get argument :uri)))))
    (dolist (key '(:range :position))
      (when-let ((value (cachewise--get argument key)))
        (setq place (append place (list key value)))))
    (cachewise--ask (if question "cachewise/ask" "cachewise/explain") place question nil
                    (eq (cachewise--get argument :refresh) t))))

;; The two clients. Each is a property list of functions.

(defvar cachewise--clients nil "Functions that return the client of the current buffer, or nil.")

(defun cachewise--client ()
  "The client of the current buffer."
  (run-hook-with-args-until-success 'cachewise--clients))

(with-eval-after-load 'lsp-mode (require 'cachewise-lsp-mode))
(with-eval-after-load 'eglot (require 'cachewise-eglot))

(provide 'cachewise)
;;; cachewise.el ends here
