# A room is a folder of design: one static library, one include root of its own. A room sees only the rooms it links, so
# a forbidden #include does not compile: its header is on no include path.

find_program(LARDER_CCACHE ccache)
if(LARDER_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LARDER_CCACHE})
endif()

add_library(larder_strict INTERFACE)
target_compile_options(larder_strict INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)

if(LARDER_SANITIZE)
  add_compile_options(-fsanitize=${LARDER_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LARDER_SANITIZE})
  if(LARDER_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

# larder_room(NAME SOURCES file... [LINKS target...])
function(larder_room name)
  cmake_parse_arguments(room "" "" "SOURCES;LINKS" ${ARGN})
  set(root ${CMAKE_BINARY_DIR}/roots/${name})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${name} ${root}/${name} SYMBOLIC)
  add_library(larder_${name} STATIC ${room_SOURCES})
  target_include_directories(larder_${name} PUBLIC ${root})
  target_link_libraries(larder_${name} PUBLIC ${room_LINKS} PRIVATE larder_strict)
endfunction()
