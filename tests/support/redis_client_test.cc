#include "tests/support/redis_client.h"

#include <gtest/gtest.h>

#include "tests/support/redis_server.h"

namespace inlay::test {
namespace {

Reply read_whole(std::string_view bytes) {
  Resp2Reader reader;
  reader.feed(bytes);
  auto reply = reader.next();
  return reply.ok() && reply->has_value() ? **reply : Reply::error("nothing");
}

TEST(Resp2Reader, each_kind_of_reply_is_read) {
  EXPECT_EQ(read_whole("+OK\r\n"), Reply::ok());
  EXPECT_EQ(read_whole("-ERR no\r\n"), Reply::error("ERR no"));
  EXPECT_EQ(read_whole(":-7\r\n"), Reply::integer(-7));
  EXPECT_EQ(read_whole(std::string_view("$4\r\n\r\n\0x\r\n", 10)), Reply::bulk(std::string("\r\n\0x", 4)));
  EXPECT_EQ(read_whole("$0\r\n\r\n"), Reply::bulk(""));
  EXPECT_EQ(read_whole("*0\r\n"), Reply::array({}));
  EXPECT_EQ(read_whole("*2\r\n*1\r\n:1\r\n+a\r\n"),
            Reply::array({Reply::array({Reply::integer(1)}), Reply::simple("a")}));
}

TEST(Resp2Reader, the_two_nils_stay_apart) {
  EXPECT_EQ(read_whole("$-1\r\n").kind(), Reply::Kind::kNil);
  EXPECT_EQ(read_whole("*-1\r\n").kind(), Reply::Kind::kNilArray);
}

TEST(Resp2Reader, bytes_that_arrive_one_by_one_give_the_same_replies) {
  Resp2Reader reader;
  std::vector<Reply> replies;
  for (const char byte : std::string_view("*2\r\n$3\r\na\r\n\r\n*-1\r\n:12\r\n")) {
    reader.feed({&byte, 1});
    for (auto reply = reader.next(); reply.ok() && reply->has_value(); reply = reader.next()) {
      replies.push_back(**reply);
    }
  }
  EXPECT_EQ(replies,
            (std::vector{Reply::array({Reply::bulk("a\r\n"), Reply::nil_array()}), Reply::integer(12)}));
}

TEST(Resp2Reader, what_is_not_the_protocol_is_an_error) {
  Resp2Reader reader;
  reader.feed("HTTP/1.1 400\r\n");
  EXPECT_FALSE(reader.next().ok());
}

TEST(RedisServer, a_started_server_answers_and_keeps_order) {
  auto server = RedisServer::start();
  ASSERT_TRUE(server.ok()) << server.status();
  auto client = (*server)->connect();
  ASSERT_TRUE(client.ok()) << client.status();
  const std::vector<Argv> commands{
      {"SET", "k", std::string("\0\r\n", 3)}, {"GET", "k"}, {"LPOP", "l", "1"}, {"NO"}};
  const std::vector<Reply> replies = (*client)->pipeline(commands);
  EXPECT_EQ(replies[0], Reply::ok());
  EXPECT_EQ(replies[1], Reply::bulk(std::string("\0\r\n", 3)));
  EXPECT_EQ(replies[2], Reply::nil_array());
  EXPECT_TRUE(replies[3].is_error());
}

TEST(RedisServer, a_server_that_cannot_start_is_an_error) {
  const auto server = RedisServer::start({"--no-such-option", "1"});
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.status().ToString().find("redis-server ended"), std::string::npos);
}

}  // namespace
}  // namespace inlay::test
