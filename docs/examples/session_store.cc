// A day of sessions: everybody in the password file logs in, some are away for too long, one is too late.
//
//   session_store [PASSWD_FILE]      default: /etc/passwd
//
// The clock is the program's own, so the day takes no time.
#include "inlay/patterns/session_store.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "docs/examples/packages.h"
#include "inlay/store.h"

namespace {

using namespace std::chrono_literals;

std::vector<std::string> read_users(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> users;
  for (std::string line; std::getline(file, line);) users.push_back(line.substr(0, line.find(':')));
  return users;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> users = read_users(argc > 1 ? argv[1] : "/etc/passwd");
  if (users.size() < 2) return 1;
  examples::Checks checks;
  auto clock = std::make_shared<inlay::ManualClock>(std::chrono::system_clock::now());
  auto store = inlay::Store::open({.clock = clock}).value();
  inlay::SessionStore sessions(*store, {.ttl = 30min, .life_max = 8h});

  // A visitor has a session before logging in. Logging in gives it another id: who planted the old one has nothing.
  std::vector<std::string> ids;
  for (const std::string& user : users) {
    const std::string before = sessions.create({{"language", "en"}}).value();
    const auto id = sessions.renew(before).value();
    checks.expect(id.has_value(), "a fresh session can be renewed");
    checks.expect(sessions.update(*id, {{"user", user}}).value(), "a fresh session is alive");
    checks.expect(inlay::is_nil(sessions.get(before)), "the id of before is worth nothing");
    ids.push_back(*id);
  }
  std::printf("%zu users are logged in; the first one's cookie is %s\n", ids.size(), ids[0].c_str());

  // Through the day every second user comes back every twenty minutes; the others have gone home.
  for (int visit = 1; visit <= 20; ++visit) {
    clock->advance(20min);
    for (size_t i = 0; i < ids.size(); i += 2) sessions.update(ids[i], {{"visits", visit}}).value();
  }
  size_t alive = 0;
  for (const std::string& id : ids) alive += sessions.get(id)->has_value();
  std::printf("after 6 h 40 min: %zu are still logged in\n", alive);
  checks.expect(alive == (users.size() + 1) / 2, "who stayed is logged in, who left is not");

  // One who left sends a form after all. A plain HSET would make a session of it, without a user and without an end.
  checks.expect(!sessions.update(ids[1], {{"cart", "7 hats"}}).value(), "a late update is refused");
  checks.expect(inlay::is_nil(sessions.get(ids[1])), "an ended session stays ended");

  const auto session = sessions.get(ids[0]).value();
  checks.expect(session && session->fields.at("user") == users[0] && session->fields.at("visits") == "20",
                "the session has what was put into it");
  checks.expect(sessions.destroy(ids[0]).value(), "logging out ends a session");

  // Nobody stays longer than eight hours, however busy.
  for (int visit = 0; visit < 4; ++visit) {
    clock->advance(20min);
    for (const std::string& id : ids) sessions.get(id).value();
  }
  store->maintain();
  std::printf("after 8 h: %lld keys are left\n", static_cast<long long>(store->dbsize().value()));
  checks.expect(store->dbsize().value() == 0, "all sessions have ended");
  return checks.exit_code();
}
