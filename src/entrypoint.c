/* R calls R_init_gaussmix() when it loads the library. A C file has to define it: without an
 * object of its own here, the linker would take nothing out of Rust's static library. */
#include <R_ext/Rdynload.h>
#include <R_ext/Visibility.h>

/* From extendr's `extendr_module!` macro and from extendr-api. */
void R_init_gaussmix_extendr(DllInfo *dll);
void register_extendr_panic_hook(void);

/* For R, which declares it nowhere. */
void R_init_gaussmix(DllInfo *dll);

attribute_visible void R_init_gaussmix(DllInfo *dll) {
  /* First, so that a panic during registration prints nothing either. */
  register_extendr_panic_hook();
  R_init_gaussmix_extendr(dll);
  /* extendr leaves lookups by name open; the wrappers need registered routines only. */
  R_useDynamicSymbols(dll, FALSE);
  R_forceSymbols(dll, TRUE);
}
