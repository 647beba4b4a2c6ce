#include "api/shell/prompt.h"

#include <histedit.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "api/shell/completion.h"
#include "api/shell/interpreter.h"
#include "api/shell/interrupts.h"

namespace inlay::shell {
namespace {

constexpr int kHistoryMax = 1000;

void write_out(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

size_t terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void write_columns(const std::vector<std::string>& words) {
  size_t width = 1;
  for (const std::string& word : words) width = std::max(width, word.size() + 2);
  const size_t columns = std::max<size_t>(1, terminal_width() / width);
  for (size_t i = 0; i < words.size(); ++i) {
    const bool last = (i + 1) % columns == 0 || i + 1 == words.size();
    write_out(words[i]);
    write_out(last ? "\n" : std::string(width - words[i].size(), ' '));
  }
}

std::string history_path() {
  if (const char* path = std::getenv("INLAY_HISTORY")) return path;
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? std::string() : std::string(home) + "/.inlay_history";
}

// The lines that were typed, in memory and in a file. Without a file it forgets at the end.
class LineHistory {
 public:
  LineHistory() : history_(history_init()), path_(history_path()) {
    HistEvent event;
    history(history_, &event, H_SETSIZE, kHistoryMax);
    history(history_, &event, H_SETUNIQUE, 1);
    if (!path_.empty()) history(history_, &event, H_LOAD, path_.c_str());
  }
  ~LineHistory() { history_end(history_); }
  LineHistory(const LineHistory&) = delete;
  LineHistory& operator=(const LineHistory&) = delete;

  // Saved at once: a killed shell remembers too.
  void add(const std::string& line) {
    HistEvent event;
    history(history_, &event, H_ENTER, line.c_str());
    if (!path_.empty()) history(history_, &event, H_SAVE, path_.c_str());
  }

  History* get() { return history_; }

 private:
  History* history_;
  std::string path_;
};

// libedit's editor of one line, with our prompt and keys.
class LineEditor {
 public:
  LineEditor(LineHistory& history, Interrupts& interrupts)
      : interrupts_(interrupts), editor_(el_init("inlay", stdin, stdout, stderr)) {
    if (editor_ == nullptr) return;
    el_set(editor_, EL_CLIENTDATA, this);
    el_set(editor_, EL_PROMPT, &LineEditor::prompt_of);
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_SIGNAL, 1);
    el_set(editor_, EL_HIST, ::history, history.get());
    // Wide, as el_set leaks copies of the two strings.
    el_wset(editor_, EL_ADDFN, L"inlay-complete", L"complete, show arguments", &LineEditor::on_tab);
    el_wset(editor_, EL_ADDFN, L"inlay-abandon", L"start a new line", &LineEditor::on_interrupt);
    el_set(editor_, EL_BIND, "^I", "inlay-complete", nullptr);
    el_set(editor_, EL_BIND, "^C", "inlay-abandon", nullptr);
    el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    el_set(editor_, EL_BIND, "^W", "ed-delete-prev-word", nullptr);
    el_source(editor_, nullptr);
    // While a line is edited Ctrl-C is a key as any other. libedit takes this only once it has seen the terminal's
    // own settings.
    el_set(editor_, EL_PREP_TERM, 1);
    el_set(editor_, EL_SETTY, "-d", "intr=", nullptr);
    el_set(editor_, EL_PREP_TERM, 0);
  }
  ~LineEditor() {
    if (editor_ != nullptr) el_end(editor_);
  }
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  bool ok() const { return editor_ != nullptr; }

  /// False at the end of input. An abandoned line is empty. Ctrl-C asks `stop` to stop from now on.
  bool read(const std::string& prompt, std::string* line, std::stop_token* stop) {
    prompt_ = prompt;
    abandoned_ = false;
    *stop = interrupts_.begin();
    int size = 0;
    const char* text = el_gets(editor_, &size);
    line->assign(text == nullptr ? "" : text, static_cast<size_t>(std::max(size, 0)));
    const bool ended = line->empty() && !abandoned_ && !interrupts_.came();
    if (line->ends_with('\n')) line->pop_back();
    if (abandoned_) line->clear();
    return !ended;
  }

 private:
  static LineEditor& self(EditLine* editor) {
    void* data = nullptr;
    el_get(editor, EL_CLIENTDATA, &data);
    return *static_cast<LineEditor*>(data);
  }

  static char* prompt_of(EditLine* editor) { return self(editor).prompt_.data(); }

  static unsigned char on_interrupt(EditLine* editor, int /*key*/) {
    self(editor).abandoned_ = true;
    write_out("^C\n");
    return CC_NEWLINE;
  }

  static unsigned char on_tab(EditLine* editor, int /*key*/) {
    const LineInfo* line = el_line(editor);
    const Completion completion = complete({line->buffer, static_cast<size_t>(line->cursor - line->buffer)});
    if (!completion.insert.empty()) el_insertstr(editor, completion.insert.c_str());
    if (completion.syntax.empty() && completion.candidates.empty()) {
      return completion.insert.empty() ? CC_ERROR : CC_REFRESH;
    }
    write_out("\n");
    if (!completion.syntax.empty()) write_out("  " + completion.syntax + "\n");
    write_columns(completion.candidates);
    return CC_REDISPLAY;
  }

  Interrupts& interrupts_;
  EditLine* editor_;
  std::string prompt_;
  bool abandoned_ = false;
};

// Keys and values are bytes, but what is typed and shown is text: libedit needs a locale to know its characters.
void choose_locale() {
  const char* chosen = std::setlocale(LC_CTYPE, "");
  if (chosen == nullptr || std::strcmp(chosen, "C") == 0) std::setlocale(LC_CTYPE, "C.UTF-8");
}

// Answers behind a Ctrl-C, which the terminal shows as ^C, begin a new line.
Interpreter::Outcome run_line(Interpreter& interpreter, const std::string& line,
                              const std::stop_token& stop) {
  bool has_begun = false;
  const auto print = [&](std::string_view text) {
    if (stop.stop_requested() && !std::exchange(has_begun, true)) write_out("\n");
    write_out(text);
  };
  return interpreter.run(line, print, stop);
}

std::string prompt_for(int database) {
  return database == 0 ? "inlay> " : "inlay[" + std::to_string(database) + "]> ";
}

}  // namespace

int run_prompt(Store& store) {
  using std::chrono::steady_clock;
  choose_locale();
  LineHistory history;
  // Ctrl-C must not end the process: the data would go with it.
  Interrupts interrupts;
  LineEditor editor(history, interrupts);
  if (!editor.ok()) {
    std::fputs("inlay: this terminal cannot be used; pipe the commands in\n", stderr);
    return 1;
  }
  write_out("Inlay " INLAY_VERSION
            ": a store inside this process, gone when you leave. Try help, Tab, quit.\n");
  Interpreter interpreter(store);
  std::string line;
  std::stop_token stop;
  while (editor.read(prompt_for(interpreter.database()), &line, &stop)) {
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    history.add(line);
    const auto start = steady_clock::now();
    if (run_line(interpreter, line, stop) == Interpreter::Outcome::kQuit) return 0;
    const std::chrono::duration<double> elapsed = steady_clock::now() - start;
    if (elapsed.count() >= 0.5) std::printf("(%.2fs)\n", elapsed.count());
    std::fflush(stdout);
  }
  write_out("\n");
  return 0;
}

}  // namespace inlay::shell
