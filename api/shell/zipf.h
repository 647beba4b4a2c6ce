// Zipf: draws ranks 0 .. n-1, rank r with a probability proportional to 1 / (r + 1)^exponent.
//
// Rejection-inversion: exact for any exponent over 0, nothing to set up per rank, about 1.1 tries per draw.
// W. Hormann, G. Derflinger: Rejection-inversion to generate variates from monotone discrete distributions, 1996.
// Immutable; `random` is the caller's.
#pragma once

#include <cmath>
#include <cstdint>

#include "engine/random.h"

namespace inlay::shell {

class Zipf {
 public:
  /// `ranks` is at least 1; `exponent` is over 0.
  Zipf(uint64_t ranks, double exponent)
      : ranks_(static_cast<double>(ranks)),
        exponent_(exponent),
        area_min_(area(1.5) - 1),
        area_max_(area(ranks_ + 0.5)),
        sure_(2 - area_inverse(area(2.5) - weight(2))) {}

  /// O(1).
  uint64_t operator()(Random& random) const {
    while (true) {
      // The area under the hull is cut into slices, one a rank; what of a slice lies over its rank is rejected.
      const double u = area_max_ + unit(random) * (area_min_ - area_max_);
      const double x = area_inverse(u);
      const double k = std::fmin(std::fmax(std::floor(x + 0.5), 1), ranks_);
      if (k - x <= sure_ || u >= area(k + 0.5) - weight(k)) return static_cast<uint64_t>(k) - 1;
    }
  }

 private:
  // Uniform in [0, 1).
  static double unit(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

  double weight(double x) const { return std::exp(-exponent_ * std::log(x)); }

  // The integral of weight from 1 to x; log(x) at exponent 1.
  double area(double x) const {
    const double log_x = std::log(x);
    return log_x * ratio((1 - exponent_) * log_x);
  }
  double area_inverse(double area) const {
    const double t = std::fmax(area * (1 - exponent_), -1);
    return std::exp(area * log_ratio(t));
  }

  // (e^t - 1) / t and log(1 + t) / t, sound at 0.
  static double ratio(double t) { return std::fabs(t) > 1e-8 ? std::expm1(t) / t : 1 + t / 2; }
  static double log_ratio(double t) { return std::fabs(t) > 1e-8 ? std::log1p(t) / t : 1 - t / 2; }

  double ranks_;
  double exponent_;
  double area_min_;
  double area_max_;
  double sure_;
};

}  // namespace inlay::shell
