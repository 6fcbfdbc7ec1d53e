package org

package object rayonspark extends rayonspark.Scala213

package rayonspark {
  package object conf extends Scala213
  package object data extends Scala213
  package object job extends Scala213
  package object node extends Scala213
  package object plan extends Scala213
  package object pods extends Scala213
  package object rpc extends Scala213
  package object remote extends Scala213
  package object supervision extends Scala213
}
