// Armadillo's gmm_full and gmm_diag: reads lines `full|diag iterations threads` and answers each
// with `seconds iterations log-likelihood`.
//
// Usage: armadillo DIRECTORY n d k; without arguments it says its version.

#include <armadillo>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <omp.h>
#include <sstream>
#include <string>

// An observation per column, as Armadillo wants them.
static arma::mat read(const std::string &path, arma::uword rows, arma::uword columns) {
  arma::mat values;
  if (!values.load(path, arma::raw_binary)) throw std::runtime_error("cannot read " + path);
  values.reshape(rows, columns);
  return values.t();
}

// Only the messages of `learn()` tell how many iterations it has made.
static int count_iterations(const std::string &messages) {
  int count = 0;
  for (auto at = messages.find("iteration:"); at != std::string::npos;
       at = messages.find("iteration:", at + 1))
    count++;
  return count;
}

template <class Model, class Covariances>
static void fit(const arma::mat &x, const arma::mat &means, const Covariances &covariances,
                int iterations) {
  Model model;
  const auto k = means.n_cols;
  model.set_params(means, covariances, arma::rowvec(k).fill(1.0 / k));
  std::ostringstream messages;
  arma::set_cout_stream(messages);
  const auto began = std::chrono::steady_clock::now();
  const bool learned =
      model.learn(x, k, arma::eucl_dist, arma::keep_existing, 0, iterations, 0, true);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  std::cout << seconds.count() << ' ' << (learned ? count_iterations(messages.str()) : -1) << ' '
            << model.sum_log_p(x) << std::endl;
}

int main(int count, char **arguments) {
  if (count < 5) {
    const arma::arma_version version;
    std::cout << "Armadillo " << version.major << '.' << version.minor << '.' << version.patch
              << std::endl;
    return 0;
  }
  const std::string directory = arguments[1];
  const arma::uword n = std::stoul(arguments[2]), d = std::stoul(arguments[3]),
                    k = std::stoul(arguments[4]);
  const arma::mat x = read(directory + "/x", n, d), means = read(directory + "/means", k, d);
  arma::cube identities(d, d, k);
  identities.each_slice() = arma::eye(d, d);
  std::cout << std::setprecision(17);

  std::string type;
  int iterations, threads;
  while (std::cin >> type >> iterations >> threads) {
    omp_set_num_threads(threads);
    if (type == "full")
      fit<arma::gmm_full>(x, means, identities, iterations);
    else
      fit<arma::gmm_diag>(x, means, arma::mat(d, k, arma::fill::ones), iterations);
  }
}
